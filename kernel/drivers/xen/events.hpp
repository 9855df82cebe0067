// Event channels: Xen's interrupts. All are delivered on CPU 0.
#pragma once

#include "arch/xen.hpp"

namespace spore::drivers::xen {

/// Before the first connection. not_supported when Xen does not deliver.
Result<void> start_events();
/// A channel for the domain `remote` to bind to. no_space when Xen has none.
Result<u32> allocate_event(u16 remote);
/// The handler of a channel, for ever. no_space beyond what there can be of devices.
Result<void> connect_event(u32 port, arch::InterruptHandler handler, void* context);
/// Tells the other side.
void send_event(u32 port);

namespace detail {
struct Channel {
    u32 port;
    arch::InterruptHandler handler;
    void* context;
};
/// Grows only while the machine starts, and the count last.
struct Channels {
    static constexpr u32 most = 64;
    Channel all[most] = {};
    u32 count = 0;
};
extern constinit Channels channels;
}  // namespace detail

}  // namespace spore::drivers::xen
