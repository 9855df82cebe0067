// Segments that do not come from a connection's stream: resets for what nobody takes, SYNs, and what half-open and ended connections say.
#pragma once

#include "kernel/net/ip/path.hpp"
#include "kernel/net/tcp/segment.hpp"

namespace spore::net::tcp {

class SendQueue;

struct Reply {
    Path* path = nullptr;      ///< null: found for this one
    Endpoint local, remote;
    u32 sequence = 0, acknowledgement = 0;
    u8 flags = 0;
    u16 window = 0;
    u8 hop_limit = 64, traffic_class = 0;
    const wire::tcp::Options* options = nullptr;
};

/// False when it could not be sent. `data` bytes of the queue's beginning go with it.
bool send_reply(const Reply& reply, SendQueue* queue = nullptr, u32 data = 0);
/// RST for a segment that belongs to no connection [RFC 9293 3.10.7.1].
void send_reset_for(const Segment& segment, const Endpoint& local, const Endpoint& remote);

}  // namespace spore::net::tcp
