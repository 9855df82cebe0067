// From the program into the send queue. Small writes continue in the last frame; large ones get blocks of several.
#include "kernel/net/tcp/control_block.hpp"
#include "kernel/time/timer.hpp"

namespace spore::net::tcp {

namespace {
constexpr u32 min_send_buffer = 128 << 10, max_send_buffer = 4 << 20, pressed_send_buffer = min_send_buffer / 2;
constexpr u32 copied_slice = 1024;
constexpr unsigned bulk_order = 3;
constexpr u32 block_size(unsigned order) { return static_cast<u32>(page_size) << order; }

/// A block for up to `size` bytes. One frame will do when there is no larger one.
Result<memory::FrameRef> allocate_block(u64 size) {
    if (size >= block_size(bulk_order) / 2)
        if (auto block = memory::allocate_frames(bulk_order)) return memory::FrameRef::adopt(*block);
    return memory::FrameRef::adopt(TRY(memory::allocate_frames()));
}
}  // namespace

Result<void> ControlBlock::can_send() const {
    if (has_error_) return fail(error_);
    if (fin_queued_ || state_ == State::closed) return fail(Error::broken_pipe);
    if (state_ == State::syn_sent && !syn_deferred_ && !options_.fast_open_connect) return fail(Error::in_progress);
    return {};
}

u32 ControlBlock::send_limit() const {
    if (options_.send_buffer) return options_.send_buffer;
    if (pressure() != Pressure::none) return pressed_send_buffer;
    return std::clamp(2 * std::min(congestion_.window(), max_send_buffer), min_send_buffer, max_send_buffer);
}

u32 ControlBlock::send_room() const {
    u32 limit = send_limit();
    return queue_.size() < limit ? limit - queue_.size() : 0;
}

[[gnu::always_inline]] bool ControlBlock::has_send_room() const {
    if (queue_.size() < pressed_send_buffer && !options_.send_buffer) return true;  // whatever the limit is now
    return send_room();
}

/// A third of the buffer is free: programs are not woken for every segment.
bool ControlBlock::writable() const {
    return u64{queue_.size()} * 3 <= u64{send_limit()} * 2 && unsent() < options_.not_sent_low;
}

/// Something was appended.
void ControlBlock::queued(SendFlags flags, bool last) {
    more_ = has(flags, SendFlags::more);
    if (has(flags, SendFlags::urgent) && last) {
        send_urgent_ = true;
        send_urgent_end_ = queue_begin() + queue_.size();
    }
    if (syn_deferred_) {
        syn_deferred_ = false;
        send_syn();
        return;
    }
    output();
    if (unsent() == 0) hold_over_ = false;
}

Result<u64> ControlBlock::send(ByteSource& from, u64 size, SendFlags flags) {
    u64 room, sent = 0;
    memory::FrameRef block;
    u32 fill = 0;
    {
        Session session(*this);
        if (auto can = can_send(); !can) {
            if (has_error_) has_error_ = false, publish(Ready::none);
            return fail(can.error());
        }
        room = std::min<u64>(size, send_room());
        if (room == 0 && size) {
            blocked_ = true;
            publish(Ready::none);
            return fail(Error::would_block);
        }
        block = std::move(open_frame_);
        open_frame_ = {};
        fill = open_fill_;
    }
    Result<void> outcome;
    while (sent < room) {
        if (!block || fill == block_size(block.get()->order)) {
            auto fresh = allocate_block(room - sent);
            if (!fresh) {
                outcome = fail(fresh.error());
                break;
            }
            block = std::move(*fresh);
            fill = 0;
        }
        u32 part = static_cast<u32>(std::min<u64>(room - sent, block_size(block.get()->order) - fill));
        outcome = from.take({block.bytes() + fill, part});
        if (!outcome) break;
        bool last = sent + part == room;
        Session session(*this);
        outcome = can_send();
        if (outcome) outcome = queue_.append({block, fill, part});
        if (!outcome) break;
        fill += part;
        sent += part;
        stamp(time::now());
        // Pieces of a large write leave together, as far as one packet takes them.
        if (last || unsent() >= 2 * block_size(bulk_order)) queued(last ? flags : flags | SendFlags::more, last && sent == size);
        if (last) {
            blocked_ = sent < size;
            publish(Ready::none);
            if (!queue_.empty() && fill < block_size(block.get()->order)) {
                open_frame_ = std::move(block);
                open_fill_ = fill;
            }
        }
    }
    if (!outcome && sent == 0) return fail(outcome.error());
    if (!outcome) {
        Session session(*this);
        stamp(time::now());
        if (state_ != State::closed) queued(flags, false);
    }
    return sent;
}

/// A small piece is copied behind what was written before it (a header, mostly) when there is room: one piece of memory costs a device and us less
/// than two, one of them shared.
Result<void> ControlBlock::append_slice(device::Slice slice) {
    if (slice.size > copied_slice || !open_frame_ || block_size(open_frame_.get()->order) - open_fill_ < slice.size) return queue_.append(std::move(slice));
    std::memcpy(open_frame_.bytes() + open_fill_, slice.bytes(), slice.size);
    TRY(queue_.append({open_frame_, open_fill_, slice.size}));
    open_fill_ += slice.size;
    return {};
}

Result<u64> ControlBlock::send_slices(std::span<const device::Slice> slices, SendFlags flags) {
    Session session(*this);
    if (auto can = can_send(); !can) {
        if (has_error_) has_error_ = false, publish(Ready::none);
        return fail(can.error());
    }
    u64 sent = 0, size = 0;
    for (auto& slice : slices) size += slice.size;
    Result<void> outcome;
    for (auto& slice : slices) {
        u32 part = std::min(slice.size, send_room());
        if (part == 0) break;
        outcome = append_slice({slice.frame, slice.offset, part});
        if (!outcome) break;
        sent += part;
        if (part < slice.size) break;
    }
    if (sent == 0) {
        if (!outcome) return fail(outcome.error());
        if (size == 0) return 0;
        blocked_ = true;
        publish(Ready::none);
        return fail(Error::would_block);
    }
    stamp(time::now());
    queued(flags, sent == size);
    blocked_ = sent < size;
    [[clang::always_inline]] publish(Ready::none);
    return sent;
}

u64 ControlBlock::unacknowledged() const {
    Guard guard(lock_);
    return queue_.size();
}

u64 ControlBlock::not_sent() const {
    Guard guard(lock_);
    return state_ == State::closed ? 0 : unsent();
}

}  // namespace spore::net::tcp
