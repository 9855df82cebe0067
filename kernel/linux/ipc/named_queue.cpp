#include "kernel/linux/ipc/named_queue.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "kernel/fs/permission.hpp"
#include "kernel/linux/limits.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/uapi/types.hpp"

namespace spore::linux::ipc {

using fs::Ready;

namespace {

/// Guards the list and what of its queues is said to be.
constinit sync::Mutex list_lock;
constinit List<NamedQueue, &NamedQueue::link> all;

NamedQueue* find(std::string_view name) {
    for (auto& queue : all)
        if (queue.named && queue.name() == name) return &queue;
    return nullptr;
}

/// [linux] a lookup of one name in the queues' own file system
Result<void> check_name(std::string_view name) {
    if (name.empty()) return fail(Error::not_found);
    if (name == "." || name == ".." || name.contains('/')) return fail(Error::access_denied);
    if (name.size() > NamedQueue::longest_name) return fail(Error::name_too_long);
    return {};
}

Result<void> check_access(const NamedQueue& queue, const fs::Context& context, fs::OpenMode mode) {
    u32 wanted = (mode.read ? fs::may_read : 0u) | (mode.write ? fs::may_write : 0u), granted = queue.permissions;
    if (context.uid == 0) return {};
    if (context.uid == queue.owner.uid) granted >>= 6;
    else if (fs::in_group(context, queue.owner.gid)) granted >>= 3;
    if ((granted & wanted) != wanted) return fail(Error::access_denied);
    return {};
}

i64 clamped(const std::atomic<u64>& limit, i64 least, i64 most) { return std::clamp(static_cast<i64>(limit.load(std::memory_order_relaxed)), least, most); }

/// The bytes that a queue of this size counts for [getrlimit(2), RLIMIT_MSGQUEUE]: its messages', and what Linux keeps beside them.
Result<u64> charge_of(NamedQueue::Size size, bool privileged) {
    constexpr i64 beside_message = 48, beside_priority = 48;
    i64 messages = NamedQueue::most_messages, bytes = NamedQueue::most_bytes;
    if (!privileged) {
        messages = clamped(system_limits.queue_messages, 1, messages);
        bytes = clamped(system_limits.message_bytes, 128, bytes);
    }
    if (size.messages <= 0 || size.bytes <= 0 || size.messages > messages || size.bytes > bytes) return fail(Error::invalid);
    return static_cast<u64>(size.messages * (size.bytes + beside_message) + std::min<i64>(size.messages, NamedQueue::priorities) * beside_priority);
}

/// With the list's lock held.
Result<Shared<NamedQueue>> make(std::string_view name, const QueueRequest& request, const fs::Context& context, Process& caller) {
    auto who = caller.credentials();
    bool privileged = who.may(Capability::resource);
    NamedQueue::Size size{
        std::min(clamped(system_limits.default_queue_messages, 1, NamedQueue::most_messages), clamped(system_limits.queue_messages, 1, NamedQueue::most_messages)),
        std::min(clamped(system_limits.default_message_bytes, 128, NamedQueue::most_bytes), clamped(system_limits.message_bytes, 128, NamedQueue::most_bytes))};
    if (request.size) size = *request.size;
    u64 count = 0, charged = 0;
    for (auto& queue : all) {
        count += queue.named;
        if (queue.owner.charged_user == who.uid) charged += queue.charge;
    }
    if (count >= system_limits.named_queues.load(std::memory_order_relaxed) && !privileged) return fail(Error::no_space);
    u64 charge = TRY(charge_of(size, privileged));
    if (charged + charge > caller.limit(limit_queues).soft) return fail(Error::too_many_files);
    auto made = TRY(make_shared<NamedQueue>(TRY(SmallText::of(name)), size, NamedQueue::Owner{context.uid, context.gid, who.uid},
                                            static_cast<u16>(request.permissions & 07777 & ~context.umask), charge));
    made->named = true;
    all.push_back(*made);
    made->retain();  // the list's
    return made;
}

}  // namespace

void Notice::tell(Event what) {
    if (socket) {
        cookie->bytes[cookie_size - 1] = static_cast<std::byte>(what);
        socket->put(std::move(cookie));
    } else if (signal && what == Event::message) {
        auto& sender = current_task().process();
        send_to_process(*owner, SignalInfo::from_process(signal, si_mesgq, sender.id(), sender.credentials().uid, value));
    }
}

NamedQueue::NamedQueue(SmallText name, Size size, Owner by, u16 bits, u64 bytes)
    : owner(by), permissions(bits), charge(bytes), name_(std::move(name)), size_(size), touched_(time::wall_nanoseconds()) {}

NamedQueue::~NamedQueue() {
    {
        Guard guard(list_lock);
        if (link.linked) all.remove(*this);
    }
    while (auto* message = messages_.pop_front()) delete message;
}

Result<void> NamedQueue::wait(Waiters& among, Waiter& waiter, Instant deadline) {
    among.push_back(waiter);
    while (!waiter.done) {
        auto woken = waiter.queue.wait(lock_, sync::Interruptible::yes, deadline);
        if (woken || waiter.done) continue;
        among.remove(waiter);
        return woken;
    }
    return {};
}

void NamedQueue::insert(Owned<NamedMessage> message) {
    auto* before = messages_.last();
    while (before && before->priority < message->priority) before = before->link.previous;
    auto* position = before ? messages_.next(*before) : messages_.first();
    messages_.insert_before(position, *message.release());
    ++count_;
}

Result<void> NamedQueue::send(Owned<NamedMessage> message, bool may_wait, Instant deadline) {
    Owned<Notice> due;
    {
        Guard guard(lock_);
        if (count_ == size_.messages) {
            if (!may_wait) return fail(Error::would_block);
            Waiter self;
            self.message = std::move(message);
            return wait(senders_, self, deadline);
        }
        touch();
        if (auto* receiver = receivers_.pop_front()) {
            receiver->message = std::move(message), receiver->done = true;
            receiver->queue.wake_one();
            return {};
        }
        insert(std::move(message));
        if (count_ == 1) due = std::move(notice_);
    }
    source_.notify(Ready::in);
    if (due) due->tell(Notice::Event::message);
    return {};
}

Result<Owned<NamedMessage>> NamedQueue::receive(bool may_wait, Instant deadline) {
    Owned<NamedMessage> taken;
    {
        Guard guard(lock_);
        if (count_ == 0) {
            if (!may_wait) return fail(Error::would_block);
            Waiter self;
            TRY(wait(receivers_, self, deadline));
            return std::move(self.message);
        }
        touch();
        taken = Owned<NamedMessage>(messages_.pop_front()), --count_;
        if (auto* sender = senders_.pop_front()) {
            insert(std::move(sender->message));
            sender->done = true;
            sender->queue.wake_one();
            return taken;
        }
    }
    source_.notify(Ready::out);
    return taken;
}

Result<void> NamedQueue::set_notice(Owned<Notice> notice) {
    Guard guard(lock_);
    // A process whose descriptors others share may have ended without closing this one.
    if (notice_ && !notice_->owner->exiting()) return fail(Error::busy);
    std::swap(notice_, notice);
    return {};
}

void NamedQueue::remove_notice(const Process& process) {
    Owned<Notice> removed;
    {
        Guard guard(lock_);
        if (!notice_ || notice_->owner.get() != &process) return;
        removed = std::move(notice_);
    }
    removed->tell(Notice::Event::removed);
}

i64 NamedQueue::count() {
    Guard guard(lock_);
    return count_;
}

Ready NamedQueue::ready() {
    i64 messages = count();
    return (messages ? Ready::in : Ready::none) | (messages < size_.messages ? Ready::out : Ready::none);
}

fs::Stat NamedQueue::stat() {
    i64 touched;
    {
        Guard guard(lock_);
        touched = touched_;
    }
    auto at = Timespec::of(touched);
    fs::FileTime time{at.seconds, static_cast<u32>(at.nanoseconds)};
    return {.type = fs::FileType::regular, .permissions = permissions, .links = named ? 1u : 0u, .uid = owner.uid, .gid = owner.gid, .size = most_status,
            .accessed = time, .modified = time, .changed = time};
}

/// [linux mqueue_read_file]
std::string_view NamedQueue::status(std::span<char, most_status> buffer) {
    std::size_t at = 0;
    auto put = [&](std::string_view text, std::size_t width) {
        text.copy(buffer.data() + at, text.size());
        std::fill(buffer.data() + at + text.size(), buffer.data() + at + std::max(width, text.size()), ' ');
        at += std::max(width, text.size());
    };
    auto put_number = [&](std::string_view name, i64 number, std::size_t width) {
        char digits[24];
        put(name, 0), put(format_to(digits, "{}", number), width);
    };
    constexpr i32 by_signal = 0;
    Guard guard(lock_);
    i64 bytes = 0;
    for (auto& message : messages_) bytes += static_cast<i64>(message.text.size());
    const Notice* notice = notice_.get();
    put_number("QSIZE:", bytes, 10);
    put_number(" NOTIFY:", notice ? notice->how : 0, 5);
    put_number(" SIGNO:", notice && notice->how == by_signal ? notice->signal : 0, 5);
    put_number(" NOTIFY_PID:", notice && !notice->owner->exiting() ? notice->owner->id() : 0, 6);
    put("\n", 0);
    return {buffer.data(), at};
}

Result<Shared<NamedQueue>> open_named_queue(std::string_view name, const QueueRequest& request, const fs::Context& context, Process& caller) {
    TRY(check_name(name));
    Guard guard(list_lock);
    auto* queue = find(name);
    if (!queue) {
        if (!request.create) return fail(Error::not_found);
        return make(name, request, context, caller);
    }
    if (request.create && request.exclusive) return fail(Error::exists);
    if (!request.valid_access) return fail(Error::invalid);
    TRY(check_access(*queue, context, request.mode));
    return Shared(*queue);
}

Result<void> remove_named_queue(std::string_view name, const fs::Context& context) {
    TRY(check_name(name));
    Shared<NamedQueue> removed;  // goes after the guard: its end takes the lock
    Guard guard(list_lock);
    auto* queue = find(name);
    if (!queue) return fail(Error::not_found);
    if (context.uid != 0 && context.uid != queue->owner.uid) return fail(Error::not_permitted);
    queue->named = false;
    removed = Shared<NamedQueue>::adopt(queue);
    return {};
}

/// Nothing else is waited for by a queue's source.
Result<Shared<NamedQueueFile>> as_named_queue(Shared<fs::File> file) {
    auto* source = file->poll_source();
    Guard guard(list_lock);
    for (auto& queue : all)
        if (&queue.source() == source) return Shared<NamedQueueFile>(static_cast<NamedQueueFile&>(*file));
    return fail(Error::bad_descriptor);
}

/// A process that closes any descriptor of the queue is not told any more [mq_close(3)].
void NamedQueueFile::descriptor_closed() {
    if (auto* owner = task::current().owner()) queue_->remove_notice(static_cast<Task*>(owner)->process());
}

Result<u64> NamedQueueFile::read_at(fs::IoBuffer& into, u64 offset) {
    if (!mode().read) return fail(Error::bad_descriptor);
    char buffer[NamedQueue::most_status];
    auto left = queue_->status(buffer);
    left.remove_prefix(std::min<u64>(offset, left.size()));
    left = left.substr(0, into.remaining());
    TRY(into.put(std::as_bytes(std::span(left))));
    return left.size();
}
Result<u64> NamedQueueFile::read(fs::IoBuffer& into) {
    Guard guard(position_mutex_);
    u64 size = TRY(read_at(into, position_));
    position_ += size;
    return size;
}
Result<u64> NamedQueueFile::seek(i64 offset, fs::Whence whence) {
    Guard guard(position_mutex_);
    i64 most = NamedQueue::most_status, base = 0;
    switch (whence) {
    case fs::Whence::start: break;
    case fs::Whence::current: base = static_cast<i64>(position_); break;
    case fs::Whence::end: base = most; break;
    case fs::Whence::data:
    case fs::Whence::hole:
        if (offset < 0 || offset >= most) return fail(Error::no_such_device_address);
        return position_ = whence == fs::Whence::data ? static_cast<u64>(offset) : NamedQueue::most_status;
    }
    i64 target;
    if (__builtin_add_overflow(base, offset, &target) || target < 0) return fail(Error::invalid);
    return position_ = static_cast<u64>(target);
}

std::string_view NamedQueueFile::describe(std::span<char> buffer) { return format_to(buffer, "/{}{}", queue_->name(), queue_->named ? "" : " (deleted)"); }

}  // namespace spore::linux::ipc
