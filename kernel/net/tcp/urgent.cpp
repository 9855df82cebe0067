// Urgent data as programs know it from BSD and Linux: one byte beside the stream, though its place is in it [RFC 6093].
#include "kernel/net/tcp/control_block.hpp"

namespace spore::net::tcp {

/// The pointer names the byte behind the urgent one, as everybody implements it [RFC 6093 3.1].
void ControlBlock::input_urgent(const Segment& segment) {
    if (!segment.urgent || state_ >= State::close_wait) return;
    u32 sequence = segment.sequence + segment.urgent - 1;
    if (before(sequence, read_next_)) return;  // read already
    if (urgent_ != Urgent::none && !after(sequence, urgent_sequence_)) return;
    urgent_ = Urgent::awaited;
    urgent_sequence_ = sequence;
    publish(Ready::priority);
}

Result<u64> ControlBlock::receive_urgent(ByteSink& into, ReceiveFlags flags) {
    std::byte byte;
    {
        Session session(*this);
        if (in_others_hands()) return fail(Error::would_block);
        if (options_.urgent_inline || urgent_ == Urgent::none || urgent_ == Urgent::taken) return fail(Error::invalid);
        u32 end = receive_next_ - (fin_received_ ? 1 : 0);
        if (!before(urgent_sequence_, end)) return state_ == State::closed ? Result<u64>(0) : fail(Error::would_block);
        reading_.append(received_);
        // Behind the mark when reading has stepped over it.
        u32 offset = urgent_sequence_ - read_next_;
        if (before(urgent_sequence_, read_next_)) return fail(Error::invalid);
        for (auto* packet = reading_.first();; packet = packet->next) {
            if (offset < packet->size()) {
                packet->copy_out(offset, {&byte, 1});
                break;
            }
            offset -= packet->size();
        }
        if (!has(flags, ReceiveFlags::peek)) urgent_ = Urgent::taken;
        publish(Ready::none);
    }
    if (auto put = into.put({&byte, 1}); !put) return fail(put.error());
    return 1;
}

bool ControlBlock::at_urgent_mark() const {
    Guard guard(lock_);
    return urgent_ != Urgent::none && urgent_sequence_ == read_next_;
}

}  // namespace spore::net::tcp
