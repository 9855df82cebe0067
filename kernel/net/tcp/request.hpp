// A connection between the peer's SYN and the acknowledgement of ours, SYN-RECEIVED [RFC 9293 3.3.2]: a fifth of what a whole connection takes, so that a flood of SYNs
// finds little to fill.
#pragma once

#include "kernel/net/tcp/handshake.hpp"
#include "kernel/net/tcp/listener.hpp"
#include "kernel/net/tcp/table.hpp"

namespace spore::net::tcp {

/// All that a SYN-ACK needs.
struct SynAck {
    Endpoint local, remote;
    Handshake handshake;
    u8 hop_limit = 64;
    u16 max_segment = 0;
    bool give_fast_open_cookie = false;
    bool exact_timestamp = false;  ///< `timestamp` instead of the clock's
    u32 timestamp = 0;
};
void send_syn_ack(const SynAck& what, Instant now);

class Request final : public TableEntry {
public:
    /// Remembers a SYN and answers it. Nothing happens without memory.
    static void begin(const SynAck& answer, Shared<PortListener> listener, u32 hash, Instant now);
    /// A segment for it, with the stripe's lock, which is released. The connection when this finishes the handshake, otherwise null.
    Shared<ControlBlock> input(const Segment& segment, Stripe& stripe, Instant now);

    /// Its listener's; null: none.
    Shared<const Filter> filter() const { return listener_->filter(); }

private:
    friend struct RequestQueues;
    Request(const SynAck& answer, Shared<PortListener> listener, Instant now);
    ~Request();
    void enqueue(Stripe& stripe, u8 level, Instant due);
    void dequeue(Stripe& stripe);
    /// Out of queue and table; the caller deletes it.
    void unlink(Stripe& stripe);
    SynAck answer() const;

    Handshake handshake_;
    Shared<PortListener> listener_;
    Request* next_ = nullptr;      ///< in its stripe's queue
    Request* previous_ = nullptr;
    Instant begun_, due_{}, answered_;
    u16 max_segment_;
    u8 hop_limit_;
    u8 level_ = 0;                 ///< how often the SYN-ACK was sent again
};

}  // namespace spore::net::tcp
