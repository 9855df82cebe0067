// Pipes as splice and tee see them: bytes that are looked at first, and taken once they have arrived elsewhere.
#include <algorithm>

#include "kernel/fs/pipe.hpp"

namespace spore::fs {

Result<u64> Pipe::peek(IoBuffer& into, bool may_wait) {
    Guard guard(mutex_);
    while (used_ == 0) {
        if (writers_ == 0) return 0;
        if (!may_wait) return fail(Error::would_block);
        TRY(readers_waiting_.wait(mutex_, sync::Interruptible::yes));
    }
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

Result<u64> Pipe::wait_for_room(bool may_wait) {
    Guard guard(mutex_);
    while (true) {
        if (readers_ == 0) return fail(Error::broken_pipe);
        if (u64 free = room()) return free;
        if (!may_wait) return fail(Error::would_block);
        TRY(writers_waiting_.wait(mutex_, sync::Interruptible::yes));
    }
}

void Pipe::consume(u64 size) {
    Guard guard(mutex_);
    size = std::min(size, used_);
    while (size) {
        u64 part = std::min(size, page_size - head_ % page_size);
        advance(part);
        size -= part;
    }
    writers_waiting_.wake_all();
    poll_source.notify(Ready::out);
}

}  // namespace spore::fs
