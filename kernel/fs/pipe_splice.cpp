// Pipes as splice and tee see them: bytes that are looked at first, and taken once they have arrived elsewhere; room that is kept for bytes
// while they are fetched. Linux holds the pipe's lock meanwhile, however long that takes [linux/fs splice_from_pipe, splice_file_to_pipe].
#include <algorithm>

#include "kernel/fs/pipe.hpp"

namespace spore::fs {

Result<u64> Pipe::copy(IoBuffer& into) {
    u64 done = 0;
    for (u64 at = head_; done < used_ && into.remaining() != 0;) {
        u64 within = at % page_size;
        u64 part = std::min({used_ - done, into.remaining(), page_size - within});
        TRY(into.put({slots_[at / page_size].bytes() + within, part}));
        done += part;
        at = (at + part) % (slot_count_ * page_size);
    }
    return done;
}

Result<u64> Pipe::peek(IoBuffer& into, bool may_wait) {
    Guard guard(mutex_);
    if (!TRY(wait_for_bytes(may_wait))) return 0;
    return copy(into);
}

Result<u64> Pipe::begin_taking(IoBuffer& into, bool may_wait) {
    Guard guard(mutex_);
    if (!TRY(wait_for_bytes(may_wait))) return 0;
    u64 seen = TRY(copy(into));
    being_taken_ = seen != 0;
    return seen;
}

void Pipe::end_taking(u64 size) {
    Guard guard(mutex_);
    being_taken_ = false;
    while (size) {
        u64 part = std::min(size, page_size - head_ % page_size);
        advance(part);
        size -= part;
    }
    readers_waiting_.wake_all();
    writers_waiting_.wake_all();
    poll_source.notify(Ready::out);
}

Result<u64> Pipe::wait_for_room(bool may_wait) {
    Guard guard(mutex_);
    while (true) {
        if (readers_ == 0) return fail(Error::broken_pipe);
        if (u64 free = room(); free && !being_put_) return free;
        if (!being_put_ && !may_wait) return fail(Error::would_block);
        TRY(writers_waiting_.wait(mutex_, sync::Interruptible::yes));
    }
}

Result<u64> Pipe::begin_putting(bool may_wait) {
    while (true) {
        u64 room_then = TRY(wait_for_room(may_wait));
        Guard guard(mutex_);
        if (being_put_ || room() < room_then) continue;  // another came first
        being_put_ = true;
        return room_then;
    }
}

Result<u64> Pipe::end_putting(ByteSpan fetched) {
    Guard guard(mutex_);
    being_put_ = false;
    writers_waiting_.wake_all();
    if (fetched.empty()) return 0;
    if (readers_ == 0) return fail(Error::broken_pipe);
    auto from = IoBuffer::kernel(fetched);
    auto filled = fill(from, fetched.size());
    readers_waiting_.wake_all();
    poll_source.notify(Ready::in);
    return filled;
}

}  // namespace spore::fs
