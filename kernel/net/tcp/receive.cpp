// Payload on its way to the program. Packets are queued as they came; receive() takes them all over at once and copies them to the program without the lock.
#include "kernel/net/tcp/batch.hpp"
#include "kernel/net/tcp/control_block.hpp"

namespace spore::net::tcp {

using device::Packet;
namespace flag = wire::tcp;

/// The payload of a segment that lies in the window, and its FIN.
void ControlBlock::take_data(Segment& segment, Owned<Packet> packet) {
    auto& note = packet->note<ReceiveNote>();
    note = {segment.sequence, segment.sequence + segment.size, packet_cost(*packet), segment.has(flag::fin)};
    last_received_ms_ = now_ms();
    if (!make_room(note.cost)) {
        count_drop(Drop::socket_full);
        ack_now_ = true;
        return;
    }
    if (segment.sequence != receive_next_) return take_out_of_order(std::move(packet));
    count_ack_due(segment);
    take_in_order(std::move(packet));
    if (reassembly_) [[unlikely]] continue_with_reassembled();
}

static_assert(sizeof(Packet) + page_size <= Charge::free_of_charge);

/// Charges for a packet, giving up what came out of order when there is no room otherwise.
bool ControlBlock::make_room(u32 cost) {
    // Four times the window: a full segment takes a page.
    u64 limit = u64{window_limit_} * 4 + 65'536;
    while (charge_.used() + cost > limit || !charge_.add(cost)) {
        if (!reassembly_ || reassembly_->empty()) return false;
        charge_.remove(reassembly_->drop_last());
        if (reassembly_->empty()) reassembly_ = {};
    }
    return true;
}

void ControlBlock::take_in_order(Owned<Packet> packet) {
    auto note = packet->note<ReceiveNote>();
    u32 size = note.end - note.begin;
    if (size) {
        receive_next_ += size;
        bytes_received_ += size;
        arrived_ = true;
        if (auto* last = received_.last(); last && last->slices().empty() && packet->slices().empty() && size <= last->tailroom()) {
            // Small ones share a packet, or they would take many times their size.
            std::memcpy(last->append(size).data(), packet->head().data(), size);
            charge_.remove(note.cost);
        } else {
            received_.push_back(std::move(packet));
        }
    } else {
        charge_.remove(note.cost);
    }
    if (note.fin && !fin_received_) input_fin();
}

void ControlBlock::take_out_of_order(Owned<Packet> packet) {
    ack_now_ = true;
    u32 cost = packet->note<ReceiveNote>().cost;
    if (!reassembly_) {
        auto* fresh = new (std::nothrow) Reassembly;
        if (!fresh) {
            charge_.remove(cost);
            return count_drop(Drop::no_memory);
        }
        reassembly_ = Owned<Reassembly>(fresh);
    }
    if (reassembly_->count() >= Reassembly::max_segments) charge_.remove(reassembly_->drop_last());
    wire::tcp::SackBlock known;
    i64 change = reassembly_->insert(std::move(packet), known);
    if (known.begin != known.end) duplicate_ = sack_, duplicate_block_ = known;
    if (change < i64{cost}) charge_.remove(static_cast<u32>(cost - change));
    // A peer without SACK counts duplicates: each segment gets its own [RFC 5681 4.2].
    if (!sack_) send_ack();
}

void ControlBlock::continue_with_reassembled() {
    while (reassembly_) {  // a FIN may have ended the connection, and forgotten the rest
        auto packet = reassembly_->take(receive_next_);
        if (!packet) break;
        ack_now_ = true;  // a gap was closed [RFC 5681 4.2]
        auto& note = packet->note<ReceiveNote>();
        if (before(note.begin, receive_next_)) {
            u32 old = std::min(receive_next_, note.end) - note.begin;
            if (!after(note.end, receive_next_)) old = note.end - note.begin;
            packet->drop_front(old);
            note.begin += old;
            if (after(receive_next_, note.end)) note.fin = false;
        }
        take_in_order(std::move(packet));
    }
    if (reassembly_ && reassembly_->empty()) reassembly_ = {};
}

/// Every second full segment is acknowledged when its batch ends, others later [RFC 9293 3.8.6.3]. Small segments of a conversation do not count as full. Where
/// the program only reads, what ends a message is acknowledged at once: Nagle's algorithm may hold the next one back until then.
void ControlBlock::count_ack_due(const Segment& segment) {
    u32 size = segment.size;
    ack_due_ = true;
    if (size > receive_segment_) receive_segment_ = static_cast<u16>(std::min<u32>(size, receive_mss_));
    u32 full = std::max<u32>(receive_segment_, interactive_ ? 1000 : 536);
    if (receive_next_ + size - last_ack_sent_ >= 2 * full) ack_now_ = true;
    if (!interactive_ && (segment.has(flag::psh) || size < receive_segment_)) ack_now_ = true;
}

/// Until the program answers something, no acknowledgement waits for that.
void ControlBlock::acknowledge_quickly() {
    interactive_ = false;
    if (ack_due_) send_ack();
}

/// Bytes before the next thing that stops a reader: the end of what came, or the urgent mark.
u32 ControlBlock::readable() const {
    u32 bytes = receive_next_ - (fin_received_ ? 1 : 0) - read_next_;
    if (urgent_ != Urgent::none) {
        u32 before_mark = urgent_sequence_ - read_next_;
        if (before_mark < bytes && before_mark) return before_mark;
        if (before_mark == 0 && bytes && !options_.urgent_inline) return bytes - 1;  // the urgent byte itself is skipped
    }
    return bytes;
}

Result<u64> ControlBlock::end_of_stream() {
    if (has_error_) {
        has_error_ = false;
        publish(Ready::none);
        return fail(error_);
    }
    if (fin_received_ || reading_shut_ || state_ == State::closed) return 0;
    return fail(Error::would_block);
}

Result<u64> ControlBlock::receive(ByteSink& into, u64 size, ReceiveFlags flags) {
    if (has(flags, ReceiveFlags::urgent)) return receive_urgent(into, flags);
    bool peek = has(flags, ReceiveFlags::peek);
    u32 count, skipped = 0;
    {
        Session session(*this);
        if (in_others_hands()) return fail(Error::would_block);
        count = readable();
        if (count == 0) {
            if (ack_due_ && !answered_) [[unlikely]] {  // it waits for more before it answers
                stamp(time::now());
                acknowledge_quickly();
            }
            return end_of_stream();
        }
        being_read_ = true;
        reading_.append(received_);
        if (urgent_ != Urgent::none && read_next_ == urgent_sequence_ && !options_.urgent_inline) {
            if (peek) {
                skipped = 1;
            } else {
                reading_.first()->drop_front(1);
                ++read_next_;
            }
        }
    }
    u32 wanted = static_cast<u32>(std::min<u64>(size, count)), done = 0, freed = 0;
    Result<void> outcome;
    for (auto* packet = reading_.first(); packet && done < wanted;) {
        u32 part = std::min(packet->size() - skipped, wanted - done), put = 0;
        if (has(flags, ReceiveFlags::discard)) put = part;
        else
            packet->for_each_piece(skipped, part, [&](ByteSpan piece) {
                if (outcome) outcome = into.put(piece);
                if (outcome) put += static_cast<u32>(piece.size());
            });
        done += put;
        if (peek) {
            skipped = 0;
            packet = packet->next;
        } else {
            if (put == packet->size()) {
                freed += packet->note<ReceiveNote>().cost;
                reading_.pop_front();
            } else {
                packet->drop_front(put);
            }
            packet = reading_.first();
        }
        if (!outcome) break;
    }
    Session session(*this);
    being_read_ = false;
    if (!peek) {
        read_next_ += done;
        charge_.remove(std::min(freed, charge_.used()));
        if (urgent_ != Urgent::none && after(read_next_, urgent_sequence_)) urgent_ = Urgent::none;
        if (state_ != State::closed) {
            tune_receive_window(done);
            window_may_open();
        }
    }
    [[clang::always_inline]] publish(others_read_ ? Ready::in : Ready::none);
    others_read_ = false;
    if (!outcome && done == 0) return fail(outcome.error());
    return done;
}

/// Another receive() copies just now, and may sleep over it. The caller comes again when it is told.
bool ControlBlock::in_others_hands() {
    others_read_ = being_read_;
    return being_read_;
}

u64 ControlBlock::receivable() const {
    Guard guard(lock_);
    return readable();
}

}  // namespace spore::net::tcp
