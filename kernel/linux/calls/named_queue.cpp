// Message queues by name [mq_overview(7)]. A C library takes the slash off in front of the name.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/ipc/named_queue.hpp"
#include "kernel/linux/process/caller.hpp"
#include "kernel/linux/time/clock.hpp"
#include "kernel/linux/uapi/open.hpp"

namespace spore::linux::calls {

namespace {

using ipc::NamedQueueFile, ipc::Notice;

Result<Shared<NamedQueueFile>> queue_of(Task& task, Descriptor descriptor) { return ipc::as_named_queue(TRY(task.files().get(descriptor))); }

Result<Instant> deadline_of(UserIn<Timespec> user) {
    if (!user) return Instant::never();
    auto at = TRY(user.read());
    if (!at.valid()) return fail(Error::invalid);
    return instant_of(clock_realtime, at);
}

/// SIGEV_THREAD: the value is where the cookie lies that goes to the socket whose descriptor stands in the signal's place.
Result<void> read_thread_notice(Task& task, const SignalEvent& event, Notice& notice) {
    notice.cookie = TRY(make_owned<netlink::Datagram>());
    notice.cookie->bytes = TRY(HeapArray<std::byte>::create(Notice::cookie_size));
    notice.cookie->size = Notice::cookie_size;
    TRY(arch::copy_from_program(notice.cookie->bytes.data(), {event.value}, Notice::cookie_size));
    auto file = TRY(task.files().get({event.signal}));
    if (file->kind() != fs::FileKind::socket) return fail(Error::not_socket);
    if (static_cast<Socket&>(*file).family() != family_netlink) return fail(Error::invalid);
    notice.socket = Shared(static_cast<NetlinkSocket&>(*file));
    return {};
}

}  // namespace

Result<u64> mq_open(Task& task, UserString user_name, Flags flags, ModeBits mode, UserIn<QueueAttributes> user_size) {
    ipc::NamedQueue::Size size{};
    if (user_size) {
        auto wanted = TRY(user_size.read());
        size = {wanted.messages, wanted.bytes};
    }
    auto name = TRY(user_name.read(UserPath::limit));
    Caller caller(task);
    auto open_mode = open_mode_of(flags & (o_access_mode | o_nonblock));
    auto queue = TRY(ipc::open_named_queue(name, {.create = (flags & o_create) != 0, .exclusive = (flags & o_exclusive) != 0,
                                                  .valid_access = (flags & o_access_mode) != o_access_mode, .mode = open_mode,
                                                  .permissions = static_cast<u16>(mode.value), .size = user_size ? &size : nullptr}, caller, task.process()));
    return task.files().add(TRY(make_shared<NamedQueueFile>(std::move(queue), open_mode)), OnExec::close, task.process().limit(limit_files).soft);
}

Result<u64> mq_unlink(Task& task, UserString user_name) {
    auto name = TRY(user_name.read(UserPath::limit));
    TRY(ipc::remove_named_queue(name, Caller(task)));
    return 0;
}

Result<u64> mq_timedsend(Task& task, Descriptor descriptor, UserData text, u64 size, u32 priority, UserIn<Timespec> user_deadline) {
    auto deadline = TRY(deadline_of(user_deadline));
    if (priority >= ipc::NamedQueue::priorities) return fail(Error::invalid);
    auto file = TRY(queue_of(task, descriptor));
    if (!file->mode().write) return fail(Error::bad_descriptor);
    if (size > static_cast<u64>(file->queue().size().bytes)) return fail(Error::message_too_long);
    auto message = TRY(make_owned<ipc::NamedMessage>());
    message->priority = priority;
    message->text = TRY(HeapArray<std::byte>::create(size));
    TRY(arch::copy_from_program(message->text.data(), text, size));
    TRY(file->queue().send(std::move(message), !file->mode().nonblocking, deadline));
    return 0;
}

Result<u64> mq_timedreceive(Task& task, Descriptor descriptor, UserBuffer text, u64 size, UserOut<u32> priority, UserIn<Timespec> user_deadline) {
    auto deadline = TRY(deadline_of(user_deadline));
    auto file = TRY(queue_of(task, descriptor));
    if (!file->mode().read) return fail(Error::bad_descriptor);
    if (size < static_cast<u64>(file->queue().size().bytes)) return fail(Error::message_too_long);
    auto message = TRY(file->queue().receive(!file->mode().nonblocking, deadline));
    if (priority) TRY(priority.write(message->priority));
    TRY(arch::copy_to_program(text, message->text.data(), message->text.size()));
    return message->text.size();
}

Result<u64> mq_notify(Task& task, Descriptor descriptor, UserIn<SignalEvent> user) {
    enum How : i32 { by_signal = 0, not_at_all = 1, by_thread = 2 };
    if (!user) {
        TRY(queue_of(task, descriptor))->queue().remove_notice(task.process());
        return 0;
    }
    auto event = TRY(user.read());
    if (event.notify != by_signal && event.notify != not_at_all && event.notify != by_thread) return fail(Error::invalid);
    if (event.notify == by_signal && event.signal != 0 && !is_signal(event.signal)) return fail(Error::invalid);
    auto notice = TRY(make_owned<Notice>(Notice{.owner = Shared(task.process()), .how = event.notify}));
    if (event.notify == by_signal) notice->signal = event.signal, notice->value = event.value;
    else if (event.notify == by_thread) TRY(read_thread_notice(task, event, *notice));
    TRY(TRY(queue_of(task, descriptor))->queue().set_notice(std::move(notice)));
    return 0;
}

Result<u64> mq_getsetattr(Task& task, Descriptor descriptor, UserIn<QueueAttributes> user, UserOut<QueueAttributes> old) {
    QueueAttributes wanted;
    if (user) {
        wanted = TRY(user.read());
        if (wanted.flags & ~i64{o_nonblock}) return fail(Error::invalid);
    }
    auto file = TRY(queue_of(task, descriptor));
    auto mode = file->mode();
    if (user) {
        auto changed = mode;
        changed.nonblocking = wanted.flags != 0;
        TRY(file->set_mode(changed));
    }
    auto size = file->queue().size();
    if (old) TRY(old.write({.flags = mode.nonblocking ? i64{o_nonblock} : 0, .messages = size.messages, .bytes = size.bytes, .waiting = file->queue().count()}));
    return 0;
}

}  // namespace spore::linux::calls
