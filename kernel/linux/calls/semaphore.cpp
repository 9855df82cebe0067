// Semaphores by key [semget(2), semop(2), semctl(2)].
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/ipc_format.hpp"
#include "kernel/linux/ipc/semaphores.hpp"
#include "kernel/linux/machine/semaphore_times.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/time/deadline.hpp"

namespace spore::linux::calls {

namespace {

using ipc::semaphores;
using ipc::SemaphoreSet;

/// struct semid64_ds
struct UserSemaphoreSet {
    UserPermission permission;
    UserSemaphoreTimes times;
    u64 count = 0;
    u64 unused[2] = {};
};

/// struct seminfo
struct Limits {
    i32 map = 1'024'000'000, sets = static_cast<i32>(SemaphoreSet::most()), semaphores = 1'024'000'000, undos = 1'024'000'000, of_set = SemaphoreSet::largest,
        operations = SemaphoreSet::most_operations, undos_of_process = SemaphoreSet::most_operations, undo_size = 20, highest = SemaphoreSet::highest,
        highest_undo = SemaphoreSet::highest;
};

Result<u64> operate(Task& task, i32 id, UserIn<SemaphoreOperation> user, u64 count, Instant deadline) {
    if (count == 0) return fail(Error::invalid);
    if (count > SemaphoreSet::most_operations) return fail(Error::argument_list_too_long);
    constexpr std::size_t usual = 8;
    SemaphoreOperation few[usual];
    HeapArray<SemaphoreOperation> many;
    if (count > usual) many = TRY(HeapArray<SemaphoreOperation>::create(count));
    std::span<SemaphoreOperation> operations(count > usual ? many.data() : few, count);
    TRY(user.read_all(operations));
    auto set = TRY(semaphores().find(id));
    bool changes = false, undone = false;
    for (auto& operation : operations) {
        if (operation.index >= set->count()) return fail(Error::too_big);
        changes |= operation.change != 0;
        undone |= (operation.flags & SemaphoreOperation::undone_at_end) != 0;
    }
    if (!set->allows(task.process().credentials(), changes ? ipc::may_write : ipc::may_read)) return fail(Error::access_denied);
    auto* undo = undone ? TRY(task.process().semaphore_undos.of(*set)) : nullptr;
    TRY(set->operate(operations, undo, task.process_id(), deadline));
    return 0;
}

}  // namespace

Result<u64> semget(Task& task, i32 key, i32 count, Flags flags) {
    if (count < 0 || count > static_cast<i32>(SemaphoreSet::largest)) return fail(Error::invalid);
    auto wanted = static_cast<u32>(count);
    return TRY(semaphores().get({key, flags}, task.process().credentials(), [&](SemaphoreSet& set) -> Result<void> {
        if (wanted > set.count()) return fail(Error::invalid);
        return {};
    }, [&]() -> Result<Shared<SemaphoreSet>> {
        if (!wanted) return fail(Error::invalid);
        return SemaphoreSet::create(wanted);
    }));
}

Result<u64> semop(Task& task, i32 id, UserIn<SemaphoreOperation> operations, u64 count) { return operate(task, id, operations, count, Instant::never()); }
Result<u64> semtimedop(Task& task, i32 id, UserIn<SemaphoreOperation> operations, u64 count, UserIn<Timespec> timeout) {
    return operate(task, id, operations, count, TRY(deadline_after(timeout)));
}

Result<u64> semctl(Task& task, i32 id, i32 index, i32 command, u64 argument) {
    enum Command : i32 { last_user = 11, value = 12, all = 13, waiters = 14, zero_waiters = 15, set_value = 16, set_all = 17, tell_by_index = 18, summary = 19,
                         tell_by_index_any = 20 };
    if (command == ipc_limits || command == summary) {
        Limits limits;
        i32 sets = 0, count = 0, highest_id = 0;
        semaphores().for_each([&](SemaphoreSet& set) { ++sets, count += static_cast<i32>(set.count()), highest_id = std::max(highest_id, set.id); });
        if (command == summary) limits.undo_size = sets, limits.highest_undo = count;
        TRY(UserOut<Limits>{{argument}}.write(limits));
        return static_cast<u64>(highest_id);
    }
    auto set = TRY(semaphores().find(id));
    auto who = task.process().credentials();
    auto check = [&](u32 access) -> Result<void> {
        if (!set->allows(who, access)) return fail(Error::access_denied);
        return {};
    };
    switch (command) {
    case ipc_remove:
        if (!set->is_owned_by(who)) return fail(Error::not_permitted);
        set->remove();
        return 0;
    case ipc_set: {
        auto wanted = TRY(UserIn<UserSemaphoreSet>{{argument}}.read());
        if (!set->is_owned_by(who)) return fail(Error::not_permitted);
        set->change_owner(wanted.permission.uid, wanted.permission.gid, wanted.permission.mode);
        return 0;
    }
    case ipc_tell:
    case tell_by_index:
    case tell_by_index_any: {
        if (command != tell_by_index_any) TRY(check(ipc::may_read));
        UserSemaphoreSet told{.permission = UserPermission(*set), .times = {}, .count = set->count()};
        told.times.operated = set->operated(), told.times.changed = set->changed;
        TRY(UserOut<UserSemaphoreSet>{{argument}}.write(told));
        return command == ipc_tell ? 0 : static_cast<u64>(id);  // the index is the identifier
    }
    case last_user:
    case value:
    case waiters:
    case zero_waiters: {
        TRY(check(ipc::may_read));
        auto state = TRY(set->state(static_cast<u32>(index)));
        return command == value ? state.value : command == waiters ? state.wait_for_more : command == zero_waiters ? state.wait_for_zero : static_cast<u64>(state.last_user);
    }
    case all: {
        TRY(check(ipc::may_read));
        auto values = TRY(HeapArray<u16>::create(set->count()));
        set->read_all(values.span());
        TRY(UserOut<u16>{{argument}}.write_all(values.span()));
        return 0;
    }
    case set_value:
        if (index < 0 || static_cast<u32>(index) >= set->count()) return fail(Error::invalid);
        if (static_cast<i32>(argument) < 0 || static_cast<i32>(argument) > SemaphoreSet::highest) return fail(Error::out_of_range);
        TRY(check(ipc::may_write));
        TRY(set->set(static_cast<u32>(index), static_cast<i32>(argument), task.process_id()));
        return 0;
    case set_all: {
        TRY(check(ipc::may_write));
        auto values = TRY(HeapArray<u16>::create(set->count()));
        TRY(UserIn<u16>{{argument}}.read_all(values.span()));
        TRY(set->set_all(values.span(), task.process_id()));
        return 0;
    }
    default: return fail(Error::invalid);
    }
}

}  // namespace spore::linux::calls
