// Message queues by key [msgget(2), msgop(2), msgctl(2)].
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/ipc_format.hpp"
#include "kernel/linux/ipc/queues.hpp"
#include "kernel/linux/limits.hpp"
#include "kernel/linux/process/process.hpp"

namespace spore::linux::calls {

namespace {

using ipc::Queue;
using ipc::queues;

/// struct msqid64_ds
struct UserQueue {
    UserPermission permission;
    i64 sent = 0, received = 0, changed = 0;
    u64 bytes = 0, messages = 0, room = 0;
    i32 last_sender = 0, last_receiver = 0;
    u64 unused[2] = {};
};
static_assert(sizeof(UserQueue) == 120);

u64 largest_message() { return system_limits.keyed_message_bytes.load(std::memory_order_relaxed); }
u64 room_of_new() { return system_limits.keyed_queue_bytes.load(std::memory_order_relaxed); }

/// struct msginfo; MSG_INFO tells what there is in place of the first limits.
struct Limits {
    i32 pool = 512000, map = static_cast<i32>(room_of_new()), largest = static_cast<i32>(largest_message()), room = map, queues = static_cast<i32>(Queue::most()), segment = 16, messages = map;
    u16 segments = 0xffff, padding = 0;
};

/// In front of a message's text.
using Type = i64;

}  // namespace

Result<u64> msgget(Task& task, i32 key, Flags flags) {
    return TRY(queues().get({key, flags}, task.process().credentials(), [](Queue&) -> Result<void> { return {}; }, [] { return make_shared<Queue>(); }));
}

Result<u64> msgsnd(Task& task, i32 id, UserBytes buffer, u64 size, Flags flags) {
    auto type = TRY(UserIn<Type>{buffer}.read());
    if (size > largest_message() || type < 1) return fail(Error::invalid);
    auto message = TRY(make_owned<ipc::Message>());
    message->type = type;
    message->text = TRY(HeapArray<std::byte>::create(size));
    TRY(arch::copy_from_program(message->text.data(), buffer + sizeof(Type), size));
    auto queue = TRY(queues().find(id));
    if (!queue->allows(task.process().credentials(), ipc::may_write)) return fail(Error::access_denied);
    TRY(queue->send(std::move(message), task.process_id(), !(flags & ipc::no_wait_flag)));
    return 0;
}

Result<u64> msgrcv(Task& task, i32 id, UserBytes buffer, u64 size, i64 type, Flags flags) {
    constexpr u32 cut = 010000, except = 020000, copies = 040000;
    if (static_cast<i64>(size) < 0) return fail(Error::invalid);
    bool copy = flags & copies, may_cut = flags & cut;
    if (copy && ((flags & except) || !(flags & ipc::no_wait_flag) || type < 0)) return fail(Error::invalid);
    auto queue = TRY(queues().find(id));
    if (!queue->allows(task.process().credentials(), ipc::may_read)) return fail(Error::access_denied);
    ipc::Choice choice(type, (flags & except) != 0, copy);
    if (copy) {
        auto text = TRY(HeapArray<std::byte>::create(std::min(size, largest_message())));
        auto copied = TRY(queue->copy(choice, text.span(), may_cut));
        TRY(UserOut<Type>{buffer}.write(copied.type));
        TRY(arch::copy_to_program(buffer + sizeof(Type), text.data(), copied.size));
        return copied.size;
    }
    auto message = TRY(queue->receive(choice, size, may_cut, task.process_id(), !(flags & ipc::no_wait_flag)));
    u64 told = std::min<u64>(size, message->text.size());
    TRY(UserOut<Type>{buffer}.write(message->type));
    TRY(arch::copy_to_program(buffer + sizeof(Type), message->text.data(), told));
    return told;
}

Result<u64> msgctl(Task& task, i32 id, i32 command, UserBytes buffer) {
    enum Command : i32 { tell_by_index = 11, summary = 12, tell_by_index_any = 13 };
    if (command == ipc_limits || command == summary) {
        Limits limits;
        i32 count = 0, messages = 0, bytes = 0, highest = 0;
        queues().for_each([&](Queue& queue) {
            auto state = queue.state();
            ++count, messages += static_cast<i32>(state.messages), bytes += static_cast<i32>(state.bytes), highest = std::max(highest, queue.id);
        });
        if (command == summary) limits.pool = count, limits.map = messages, limits.messages = bytes;
        TRY(UserOut<Limits>{buffer}.write(limits));
        return static_cast<u64>(highest);
    }
    auto queue = TRY(queues().find(id));
    auto who = task.process().credentials();
    switch (command) {
    case ipc_remove:
        if (!queue->is_owned_by(who)) return fail(Error::not_permitted);
        queue->remove();
        return 0;
    case ipc_set: {
        auto wanted = TRY(UserIn<UserQueue>{buffer}.read());
        if (!queue->is_owned_by(who)) return fail(Error::not_permitted);
        if (wanted.room > room_of_new() && !who.may(Capability::resource)) return fail(Error::not_permitted);
        queue->change_owner(wanted.permission.uid, wanted.permission.gid, wanted.permission.mode, wanted.room);
        return 0;
    }
    case ipc_tell:
    case tell_by_index:
    case tell_by_index_any: {
        if (command != tell_by_index_any && !queue->allows(who, ipc::may_read)) return fail(Error::access_denied);
        auto state = queue->state();
        TRY(UserOut<UserQueue>{buffer}.write({.permission = UserPermission(*queue), .sent = state.sent, .received = state.received, .changed = queue->changed,
                                              .bytes = state.bytes, .messages = state.messages, .room = state.room, .last_sender = state.last_sender,
                                              .last_receiver = state.last_receiver}));
        return command == ipc_tell ? 0 : static_cast<u64>(id);  // the index is the identifier
    }
    default: return fail(Error::invalid);
    }
}

}  // namespace spore::linux::calls
