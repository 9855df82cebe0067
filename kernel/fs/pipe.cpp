#include "kernel/fs/pipe.hpp"

#include <algorithm>
#include <bit>

#include "base/defer.hpp"

namespace spore::fs {

using memory::FrameRef;
using sync::Interruptible;

Result<Shared<Pipe>> Pipe::create() {
    auto* slots = new (std::nothrow) FrameRef[default_pipe_size / page_size];
    if (!slots) return fail(Error::no_memory);
    auto made = make_shared<Pipe>(slots);
    if (!made) delete[] slots;
    return made;
}

Pipe::~Pipe() { delete[] slots_; }

/// Bytes in front are done with; no more than lie in their page.
void Pipe::advance(u64 size) {
    u64 index = head_ / page_size;
    used_ -= size;
    head_ = (head_ + size) % (slot_count_ * page_size);
    // One page is kept for the next write, the rest goes as it empties; unless a full ring's end lies in front of its beginning in
    // the same page.
    if (used_ == 0) head_ = index * page_size;
    else if (head_ % page_size == 0 && used_ <= (slot_count_ - 1) * page_size) slots_[index] = {};
}

/// Waits until there are bytes that may be taken; false when there will be none.
Result<bool> Pipe::wait_for_bytes(bool may_wait) {
    while (being_taken_ || used_ == 0) {
        if (!being_taken_) {
            if (writers_ == 0) return false;
            if (!may_wait) return fail(Error::would_block);
        }
        TRY(readers_waiting_.wait(mutex_, Interruptible::yes));
    }
    return true;
}

Result<u64> Pipe::read(IoBuffer& into, bool may_wait) {
    if (into.remaining() == 0) return 0;
    Guard guard(mutex_);
    if (!TRY(wait_for_bytes(may_wait))) return 0;
    u64 done = 0;
    while (used_ != 0 && into.remaining() != 0) {
        u64 within = head_ % page_size;
        auto& slot = slots_[head_ / page_size];
        u64 part = std::min({used_, into.remaining(), page_size - within});
        if (auto copied = into.put({slot.bytes() + within, part}); !copied) {
            if (done == 0) return fail(copied.error());
            break;
        }
        done += part;
        advance(part);
    }
    writers_waiting_.wake_all();
    poll_source.notify(Ready::out);
    return done;
}

/// Puts `size` bytes, for which there is room, into the ring; fewer when memory or the program's runs out.
Result<u64> Pipe::fill(IoBuffer& from, u64 size) {
    u64 done = 0;
    while (done < size) {
        u64 tail = (head_ + used_) % (slot_count_ * page_size);
        u64 within = tail % page_size;
        auto& slot = slots_[tail / page_size];
        if (!slot) {
            auto frame = memory::allocate_frames();
            if (!frame) return done ? Result<u64>(done) : fail(frame.error());
            slot = FrameRef::adopt(*frame);
        }
        u64 part = std::min(size - done, page_size - within);
        if (auto copied = from.take({slot.bytes() + within, part}); !copied) return done ? Result<u64>(done) : fail(copied.error());
        used_ += part;
        done += part;
    }
    return done;
}

Result<u64> Pipe::write(IoBuffer& from, bool may_wait) {
    Guard guard(mutex_);
    if (from.remaining() == 0) return 0;
    // A small write goes in one piece; a large one as room comes.
    u64 wanted = from.remaining() <= pipe_atomic_size ? from.remaining() : 1;
    u64 done = 0;
    while (from.remaining() != 0) {
        if (readers_ == 0) return done ? Result<u64>(done) : fail(Error::broken_pipe);
        if (being_put_ || room() < wanted) {
            if (!being_put_ && !may_wait) return done ? Result<u64>(done) : fail(Error::would_block);
            if (auto waited = writers_waiting_.wait(mutex_, Interruptible::yes); !waited)
                return done ? Result<u64>(done) : fail(waited.error());
            continue;
        }
        auto filled = fill(from, std::min(from.remaining(), room()));
        if (!filled) return done ? Result<u64>(done) : fail(filled.error());
        done += *filled;
        readers_waiting_.wake_all();
        poll_source.notify(Ready::in);
    }
    return done;
}

Ready Pipe::ready(OpenMode mode) {
    Guard guard(mutex_);
    auto ready = Ready::none;
    if (mode.read) {
        if (used_ != 0) ready |= Ready::in;
        if (writers_ == 0 && writers_ever_ != 0) ready |= Ready::hang_up;
    }
    if (mode.write) {
        if (room() >= pipe_atomic_size) ready |= Ready::out;
        if (readers_ == 0) ready |= Ready::error;
    }
    return ready;
}

u64 Pipe::available() {
    Guard guard(mutex_);
    return used_;
}

u64 Pipe::capacity() {
    Guard guard(mutex_);
    return slot_count_ * page_size;
}

Result<u64> Pipe::resize(u64 size) {
    if (size > u64{1} << 31) return fail(Error::invalid);
    if (size > max_pipe_size) return fail(Error::not_permitted);
    u64 count = std::bit_ceil(std::max<u64>(1, (size + page_size - 1) / page_size));
    auto* slots = new (std::nothrow) FrameRef[count];
    if (!slots) return fail(Error::no_memory);
    defer { delete[] slots; };  // the ones that are left over
    Guard guard(mutex_);
    while (being_put_) TRY(writers_waiting_.wait(mutex_, Interruptible::yes));
    // The bytes keep their places within pages, so whole pages move.
    u64 used_slots = (head_ % page_size + used_ + page_size - 1) / page_size;
    if (used_slots > count) return fail(Error::busy);
    if (used_slots > slot_count_) {
        // The end of the bytes lies in front of their beginning in the same page: it gets one of its own.
        auto end = FrameRef::adopt(TRY(memory::allocate_frames()));
        std::memcpy(end.bytes(), slots_[head_ / page_size].bytes(), head_ % page_size);
        slots[--used_slots] = std::move(end);
    }
    for (u64 i = 0; i < used_slots; ++i) slots[i] = std::move(slots_[(head_ / page_size + i) % slot_count_]);
    std::swap(slots_, slots);
    head_ %= page_size;
    slot_count_ = count;
    writers_waiting_.wake_all();
    return count * page_size;
}

void Pipe::add_end(OpenMode mode) {
    Guard guard(mutex_);
    if (mode.read) ++readers_, ++readers_ever_;
    if (mode.write) ++writers_, ++writers_ever_;
    opening_.wake_all();
}

void Pipe::remove_end(OpenMode mode) {
    {
        Guard guard(mutex_);
        if (mode.read) --readers_;
        if (mode.write) --writers_;
        // What nobody read is gone with the last end.
        if (readers_ == 0 && writers_ == 0) {
            used_ = head_ = 0;
            for (auto& slot : std::span(slots_, slot_count_)) slot = {};
        }
        readers_waiting_.wake_all();
        writers_waiting_.wake_all();
    }
    poll_source.notify(mode.write ? Ready::hang_up | Ready::in : Ready::error | Ready::out);
}

Result<void> Pipe::wait_for_writer() {
    Guard guard(mutex_);
    for (u64 before = writers_ever_; writers_ == 0 && writers_ever_ == before;) TRY(opening_.wait(mutex_, Interruptible::yes));
    return {};
}

Result<void> Pipe::wait_for_reader() {
    Guard guard(mutex_);
    for (u64 before = readers_ever_; readers_ == 0 && readers_ever_ == before;) TRY(opening_.wait(mutex_, Interruptible::yes));
    return {};
}

bool Pipe::has_reader() {
    Guard guard(mutex_);
    return readers_ != 0;
}

}  // namespace spore::fs
