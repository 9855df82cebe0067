#include "kernel/linux/socket/unix/queue.hpp"

#include "kernel/linux/socket/filtered_bytes.hpp"
#include "kernel/linux/socket/unix/in_flight.hpp"
#include "kernel/linux/socket/unix/name.hpp"
#include "kernel/linux/socket/wait.hpp"

namespace spore::linux {

using fs::Ready;

namespace {
/// Datagrams that wait at one socket ([linux] net.unix.max_dgram_qlen, and the one that is over).
constexpr u64 most_messages = 11;
/// What a message takes of a sender's buffer beside its bytes, or many small ones would take many times the memory that the buffer stands for. About
/// what it is on Linux (SKB_TRUESIZE).
constexpr u64 message_overhead = 768;
}  // namespace

constinit std::atomic<u64> UnixQueue::next_number_ = 1;

UnixMessage::~UnixMessage() {
    if (files_counted) forget_in_flight(*this);
}

UnixQueue::~UnixQueue() { bury(messages_); }

u64 UnixQueue::room_locked(u64 buffer, u64 writer) const {
    if (limit_ == Limit::messages && count_ >= most_messages && partner.load(std::memory_order_relaxed) != writer) return 0;
    u64 taken = bytes_ + count_ * message_overhead;
    return taken < buffer ? buffer - taken : 0;
}
bool UnixQueue::writable(u64 buffer, u64 writer) {
    Guard guard(lock_);
    return room_locked(buffer, writer) * 2 >= buffer;
}

Result<void> UnixQueue::check_reader() const {
    if (reader_gone_) return fail(Error::connection_refused);
    if (reader_closed_) return fail(Error::shut_down);
    return {};
}

Result<u64> UnixQueue::wait_for_room(u64 buffer, u64 writer, Instant deadline) {
    Guard guard(lock_);
    while (true) {
        TRY(check_reader());
        if (writer_closed_) return fail(Error::shut_down);
        if (u64 room = room_locked(buffer, writer)) return room;
        if (deadline == Instant{}) return fail(Error::would_block);
        TRY(after_wait(writers_.wait(lock_, sync::Interruptible::yes, deadline), deadline));
    }
}

void UnixQueue::set_filter(Shared<const net::Filter> filter) {
    Guard guard(lock_);
    std::swap(filter_, filter);  // the old one goes without the lock
}

Result<bool> UnixQueue::passes_filter(UnixMessage& message) {
    Shared<const net::Filter> filter;
    {
        Guard guard(lock_);
        filter = filter_;
    }
    if (!filter) return true;
    u32 most = filter->run(FilteredBytes(message.bytes.span()));
    if (most == 0) return false;
    if (most >= message.bytes.size()) return true;
    auto left = TRY(HeapArray<std::byte>::create(most));
    std::memcpy(left.data(), message.bytes.data(), most);
    message.bytes = std::move(left);
    return true;
}

Result<void> UnixQueue::put(UnixMessage& message) {
    {
        Guard guard(lock_);
        TRY(check_reader());
        messages_.push_back(message);
        bytes_ += message.bytes.size();
        ++count_;
        readers_.wake_all();
    }
    arrival.notify(Ready::in);
    return {};
}

UnixMessage* UnixQueue::first() {
    Guard guard(lock_);
    return messages_.first();
}
UnixMessage* UnixQueue::next(UnixMessage& message) {
    Guard guard(lock_);
    return UnixMessages::next(message);
}

void UnixQueue::take(UnixMessage& message, u64 size) {
    {
        Guard guard(lock_);
        message.offset += size;
        bytes_ -= size;
        writers_.wake_all();
    }
    drained.notify(Ready::out);
}
Owned<UnixMessage> UnixQueue::remove(UnixMessage& message) {
    {
        Guard guard(lock_);
        messages_.remove(message);
        bytes_ -= message.remaining();
        --count_;
        writers_.wake_all();
    }
    drained.notify(Ready::out);
    return Owned<UnixMessage>(&message);
}

Result<void> UnixQueue::wait_for_data(Instant deadline, u64 seen) {
    Guard guard(lock_);
    while (count_ <= seen && !writer_closed_ && !reader_closed_) {
        if (deadline == Instant{}) return fail(Error::would_block);
        TRY(after_wait(readers_.wait(lock_, sync::Interruptible::yes, deadline), deadline));
    }
    return {};
}

void UnixQueue::close_writer(bool reset) {
    {
        Guard guard(lock_);
        writer_closed_ = true;
        reset_ |= reset;
        readers_.wake_all();
        writers_.wake_all();
    }
    arrival.notify(Ready::in | Ready::read_hang_up | Ready::hang_up | (reset ? Ready::error : Ready::none));
}

bool UnixQueue::close_reader(bool drop) {
    UnixMessages dropped;
    bool had;
    {
        Guard guard(lock_);
        reader_closed_ = true;
        reader_gone_ |= drop;
        had = !messages_.empty();
        if (drop) {
            std::swap(dropped, messages_);
            bytes_ = count_ = 0;
        }
        readers_.wake_all();
        writers_.wake_all();
    }
    drained.notify(Ready::out | Ready::hang_up);
    bury(dropped);
    return had;
}

UnixMessages UnixQueue::take_all() {
    Guard guard(lock_);
    UnixMessages all;
    std::swap(all, messages_);
    bytes_ = count_ = 0;
    return all;
}

UnixQueue::State UnixQueue::state() {
    Guard guard(lock_);
    return {bytes_, count_, writer_closed_, reader_closed_};
}
u64 UnixQueue::charge(u64 writer) {
    u64 taken = 0;
    for_each([&](const UnixMessage& message) {
        if (message.writer == writer) taken += message.bytes.size() + message_overhead;
    });
    return taken;
}
bool UnixQueue::take_reset() {
    Guard guard(lock_);
    return std::exchange(reset_, false);
}
bool UnixQueue::has_reset() {
    Guard guard(lock_);
    return reset_;
}

}  // namespace spore::linux
