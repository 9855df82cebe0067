// What is left of a connection that we closed first: enough to answer its last segments for a minute, and to tell a new connection's SYN from an old one's
// [RFC 9293 3.6.1, RFC 6191].
#pragma once

#include "kernel/net/tcp/segment.hpp"
#include "kernel/net/tcp/table.hpp"

namespace spore::net::tcp {

class ControlBlock;

class TimeWait final : public TableEntry {
public:
    /// Takes the connection's place in the table; false without memory, then nothing has changed. With the stripe's lock.
    static bool replace(ControlBlock& block, Stripe& stripe);
    /// After replace(), without it.
    static void start_timer();
    /// A segment for it, with the stripe's lock, which is released. True when it begins a new connection: then this is gone.
    bool input(const Segment& segment, Stripe& stripe, Instant now);
    /// A connection of ours would like to use the same ports. True when that is safe: this is gone then, and `iss` is where to begin. With the lock.
    bool give_up_for_new(Stripe& stripe, u32& iss);

private:
    friend struct TimeWaitQueues;
    explicit TimeWait(const ControlBlock& block);
    ~TimeWait();
    void unlink(Stripe& stripe);

    TimeWait* next_ = nullptr;
    TimeWait* previous_ = nullptr;
    Instant begun_, due_;
    u32 send_next_, receive_next_, recent_timestamp_, timestamp_offset_;
    u16 window_;
    u8 hop_limit_;
    bool timestamps_;
};
static_assert(sizeof(TimeWait) <= 128);

}  // namespace spore::net::tcp
