// Message queues by name [mq_overview(7)]: the message of the highest priority first, and a notice when one comes into the empty queue.
#pragma once

#include "kernel/fs/vfs.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/socket/netlink/netlink_socket.hpp"

namespace spore::linux::ipc {

struct NamedMessage {
    ListLink<NamedMessage> link;
    u32 priority = 0;
    HeapArray<std::byte> text;
};

/// What mq_notify asks for: whom to tell, once, and how.
struct Notice {
    Shared<Process> owner;
    i32 how = 0;     ///< SIGEV_*
    i32 signal = 0;  ///< 0: none
    u64 value = 0;
    // SIGEV_THREAD: libc's own thread reads this from its socket; the last byte says what happened.
    Shared<NetlinkSocket> socket{};
    Owned<netlink::Datagram> cookie{};

    static constexpr u32 cookie_size = 32;
    enum class Event : u8 { message = 1, removed = 2 };
    void tell(Event what);
};

class NamedQueue final : public Counted {
public:
    static constexpr u32 priorities = 32768, longest_name = 255;
    /// What nobody's queue exceeds, be it as root.
    static constexpr i64 most_messages = 65536, most_bytes = 16 << 20;

    struct Size {
        i64 messages, bytes;  ///< how many, and each one's length at most
    };

    struct Owner {
        u32 uid, gid, charged_user;
    };
    NamedQueue(SmallText name, Size size, Owner owner, u16 permissions, u64 charge);
    /// Takes it out of the list of all.
    ~NamedQueue();

    /// Not longer than size().bytes. would_block, timed_out, interrupted.
    Result<void> send(Owned<NamedMessage> message, bool may_wait, Instant deadline);
    Result<Owned<NamedMessage>> receive(bool may_wait, Instant deadline);
    /// busy when somebody is to be told already.
    Result<void> set_notice(Owned<Notice> notice);
    /// Forgets the notice, if it is this process's.
    void remove_notice(const Process& process);

    Size size() const { return size_; }
    i64 count();
    fs::Ready ready();
    fs::PollSource& source() { return source_; }
    fs::Stat stat();
    /// What its file reads as: how many bytes wait, and who is to be told how.
    static constexpr std::size_t most_status = 80;
    std::string_view status(std::span<char, most_status> buffer);
    std::string_view name() const { return name_; }

    // Guarded by the list's lock.
    ListLink<NamedQueue> link;
    bool named = false;  ///< the list is an owner, and finds it
    const Owner owner;
    const u16 permissions;
    const u64 charge;  ///< bytes of RLIMIT_MSGQUEUE

private:
    struct Waiter {
        ListLink<Waiter> link;
        Owned<NamedMessage> message;  ///< a sender's, or what a receiver was given
        bool done = false;
        sync::WaitQueue queue;
    };
    using Waiters = List<Waiter, &Waiter::link>;

    Result<void> wait(Waiters& among, Waiter& waiter, Instant deadline);
    void insert(Owned<NamedMessage> message);
    void touch() { touched_ = time::wall_nanoseconds(); }

    const SmallText name_;
    const Size size_;
    sync::Spin lock_;
    List<NamedMessage, &NamedMessage::link> messages_;  ///< by falling priority; of the same, the oldest first
    i64 count_ = 0;
    i64 touched_;  ///< when one was last sent or received
    Waiters senders_, receivers_;
    Owned<Notice> notice_;
    fs::PollSource source_;
};

/// How a queue is opened; the access that `mode` tells is checked where there is one.
struct QueueRequest {
    bool create, exclusive, valid_access;
    fs::OpenMode mode;
    u16 permissions;             ///< before the umask
    const NamedQueue::Size* size;  ///< null: what /proc/sys/fs/mqueue says
};
Result<Shared<NamedQueue>> open_named_queue(std::string_view name, const QueueRequest& request, const fs::Context& context, Process& caller);
Result<void> remove_named_queue(std::string_view name, const fs::Context& context);

/// The queue that a file stands for; bad_descriptor for any other file.
class NamedQueueFile;
Result<Shared<NamedQueueFile>> as_named_queue(Shared<fs::File> file);

/// What descriptors of queues refer to.
class NamedQueueFile final : public fs::File {
public:
    NamedQueueFile(Shared<NamedQueue> queue, fs::OpenMode mode) : File(mode), queue_(std::move(queue)) {}
    NamedQueue& queue() const { return *queue_; }

    fs::Ready ready() override { return queue_->ready(); }
    fs::PollSource* poll_source() override { return &queue_->source(); }
    Result<fs::Stat> stat() override { return queue_->stat(); }
    Result<u64> read(fs::IoBuffer& into) override;
    Result<u64> read_at(fs::IoBuffer& into, u64 offset) override;
    Result<u64> seek(i64 offset, fs::Whence whence) override;
    void descriptor_closed() override;
    std::string_view describe(std::span<char> buffer) override;

private:
    Shared<NamedQueue> queue_;
    sync::Mutex position_mutex_;
    u64 position_ = 0;
};

}  // namespace spore::linux::ipc
