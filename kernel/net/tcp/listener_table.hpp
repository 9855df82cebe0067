// Listeners by port.
#pragma once

#include "kernel/net/tcp/listener.hpp"

namespace spore::net::tcp {

struct ListenerTable {
    static constexpr u32 count = 128;
    struct Bucket {
        sync::Spin lock;
        PortListener* first = nullptr;
    };
    Bucket buckets[count];
    Bucket& bucket(u16 port) { return buckets[port % count]; }
};
extern constinit ListenerTable listeners;

}  // namespace spore::net::tcp
