// One direction of Unix sockets: what was sent and not yet received. The reader's socket and the writers' share it.
#pragma once

#include "kernel/linux/socket/unix/message.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::linux {

class UnixQueue final : public Counted {
public:
    /// How a queue counts what it may hold.
    enum class Limit : u8 {
        bytes,     ///< by the sender's buffer
        messages,  ///< datagrams: and by their number, but for those of the socket that the reader's own go to
    };
    explicit UnixQueue(Limit limit) : limit_(limit) {}
    ~UnixQueue();

    /// Waits until there is room for a writer with this buffer, whose own queue has the number `writer`: for how many bytes. shut_down when nobody reads
    /// any more, connection_refused when the reader's socket is gone; would_block after the deadline.
    Result<u64> wait_for_room(u64 buffer, u64 writer, Instant deadline);
    /// What a socket of messages gets passes its filter first; null: nothing does.
    void set_filter(Shared<const net::Filter> filter);
    /// False when the filter does not want it; cuts off what that does not want of it. no_memory.
    Result<bool> passes_filter(UnixMessage& message);
    /// Adds a message, whatever the room. The errors of wait_for_room(): then the message stays with the caller.
    Result<void> put(UnixMessage& message);

    /// The first message; stays valid while `reading` is held.
    UnixMessage* first();
    UnixMessage* next(UnixMessage& message);
    /// The reader has taken `size` bytes of the first message; or all of it, which is then the caller's.
    void take(UnixMessage& message, u64 size);
    Owned<UnixMessage> remove(UnixMessage& message);
    /// Sleeps until there are more messages than those that were `seen`, or an end. would_block after the deadline.
    Result<void> wait_for_data(Instant deadline, u64 seen = 0);

    /// No more will come (`reset`: the writer went without reading what was sent to it).
    void close_writer(bool reset);
    /// Nobody will read; with `drop` what is there goes too. True when something was.
    bool close_reader(bool drop);
    /// Takes out every message: for the end, and for what only unreachable sockets hold.
    UnixMessages take_all();

    struct State {
        u64 bytes, messages;
        bool writer_closed, reader_closed;
    };
    State state();
    /// What of the writer's buffer is taken by messages that lie here.
    u64 charge(u64 writer);
    /// True once after a reset.
    bool take_reset();
    bool has_reset();
    /// Enough room that a poller should know of it.
    bool writable(u64 buffer, u64 writer);
    /// Calls visit(message) for each, under the lock.
    template <typename F>
    void for_each(F&& visit) {
        Guard guard(lock_);
        for (auto& message : messages_) visit(message);
    }

    /// Which queue this is, among all that ever were.
    u64 number() const { return number_; }
    /// Of datagrams: the number of the queue that the reader's socket is connected to, whose socket alone may send to this one; 0: everybody may.
    std::atomic<u64> partner = 0;
    /// Whether who sends to it is to be remembered, though the sender did not ask for that [linux] unix_maybe_add_creds: its reader wants to know, or it has none yet.
    std::atomic<bool> wants_sender = false;

    sync::Mutex reading;     ///< one reader at a time, while it copies
    fs::PollSource arrival;  ///< for the reader
    fs::PollSource drained;  ///< for writers

private:
    u64 room_locked(u64 buffer, u64 writer) const;
    Result<void> check_reader() const;
    static constinit std::atomic<u64> next_number_;
    u64 number_ = next_number_.fetch_add(1, std::memory_order_relaxed);
    Limit limit_;
    sync::Spin lock_;
    UnixMessages messages_;
    Shared<const net::Filter> filter_;
    u64 bytes_ = 0, count_ = 0;
    bool writer_closed_ = false, reader_closed_ = false, reader_gone_ = false, reset_ = false;
    sync::WaitQueue readers_, writers_;
};

}  // namespace spore::linux
