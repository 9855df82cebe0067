// What was sent and not acknowledged yet, when it was sent, and what the peer said of it. A record stands for a stretch that left at once; it is cut
// where the peer's reports cut it, at multiples of the segment size, so a peer cannot make more records than we sent segments.
#pragma once

#include "kernel/net/tcp/ring.hpp"
#include "kernel/net/tcp/sequence.hpp"
#include "wire/net/tcp.hpp"

namespace spore::net::tcp {

struct SentRecord {
    u32 begin, end;          ///< sequence numbers, FIN included
    u32 sent_us;             ///< when it left last
    u16 segment_size;
    bool sacked : 1 = false;        ///< arrived out of order [RFC 2018]
    bool lost : 1 = false;          ///< to be sent again, and not sent again yet
    bool retransmitted : 1 = false;

    u32 size() const { return end - begin; }
};
static_assert(sizeof(SentRecord) == 16);

/// What one acknowledgement told.
struct Delivery {
    u32 acknowledged = 0;      ///< bytes cumulatively
    u32 delivered = 0;         ///< bytes newly known to have arrived, either way
    u32 rtt_us = 0;            ///< the latest unambiguous round trip; 0: none [RFC 6298 3, Karn]
    bool retransmission_arrived = false;
    bool reordered = false;    ///< something sent before others arrived after them
    bool newly_lost = false;
    // The most recently sent of what arrived [RFC 8985 6.2 step 2]
    bool any = false;
    bool latest_retransmitted = false;
    u32 latest_sent_us = 0, latest_end = 0, latest_rtt_us = 0;
};

class Scoreboard {
public:
    static constexpr u32 limit = 16'384;

    bool empty() const { return records_.empty(); }
    bool full() const { return records_.size() >= limit; }
    u32 count() const { return records_.size(); }
    SentRecord& operator[](u32 index) { return records_[index]; }
    SentRecord& back() { return records_.back(); }
    /// Bytes that arrived out of order; that are thought lost and were not sent again.
    u32 sacked() const { return sacked_; }
    u32 lost() const { return lost_; }
    u32 highest_sacked() const { return highest_sacked_; }

    /// no_memory; nothing may be sent then.
    Result<void> sent(const SentRecord& record);
    /// Takes the last record back: it did not leave.
    void unsend() { records_.remove(records_.size() - 1); }
    /// Everything before `to` has arrived.
    void acknowledge(u32 to, u32 now_us, Delivery& delivery);
    /// [begin, end) has arrived; it lies within what was sent.
    void mark_sacked(wire::tcp::SackBlock block, u32 now_us, Delivery& delivery);
    void mark_lost(SentRecord& record);
    /// Everything that has not arrived. Forgets SACKs when `renege` says that the peer did [RFC 2018 8].
    enum class Sacked : u8 { keep, forget };
    void mark_all_lost(Sacked sacked);
    void mark_retransmitted(SentRecord& record, u32 now_us);
    /// The first lost record, or null. It is cut so that it is not longer than `size` (a multiple of its segment size, at least one).
    SentRecord* next_lost(u32 size);
    /// Cuts a record's first `size` bytes off; false without memory.
    bool cut(u32 index, u32 size);
    void unmark_lost();
    void clear();

private:
    void deliver(SentRecord& record, u32 now_us, Delivery& delivery);

    Ring<SentRecord, 2> records_;
    u32 sacked_ = 0, lost_ = 0;
    u32 highest_sacked_ = 0;   ///< the end of the highest record that arrived (FACK), for reordering
    bool any_sacked_ = false;
};

}  // namespace spore::net::tcp
