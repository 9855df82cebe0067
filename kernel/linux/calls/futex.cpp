// futex: its operations' arguments, for kernel/linux/futex [futex(2)].
#include "kernel/linux/futex/futex.hpp"

#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/time/clock.hpp"
#include "kernel/linux/time/deadline.hpp"

namespace spore::linux::calls {

namespace {

enum Operation : u32 {
    wait = 0, wake = 1, requeue = 3, cmp_requeue = 4, wake_op = 5, lock_pi = 6, unlock_pi = 7, trylock_pi = 8, wait_bitset = 9,
    wake_bitset = 10, wait_requeue_pi = 11, cmp_requeue_pi = 12, lock_pi2 = 13, private_flag = 128, clock_realtime_flag = 256,
};

/// The time a wait is to end. FUTEX_WAIT's timeout is a span, all others' a point on a clock.
Result<Instant> read_deadline(Task& task, u32 command, bool realtime, u64 address) {
    auto given = TRY(UserIn<Timespec>{{address}}.read());
    if (!given.valid()) return fail(Error::invalid);
    if (command == wait) return resumable_deadline(task, given.duration());
    if (command == lock_pi) realtime = true;
    return instant_of(realtime ? clock_realtime : clock_monotonic, given);
}

/// Most waits have none.
[[gnu::always_inline]] inline Result<Instant> deadline_of(Task& task, u32 command, bool realtime, u64 address) {
    return address ? read_deadline(task, command, realtime, address) : Instant::never();
}

}  // namespace

Result<u64> futex(Task& task, UserAddress word, u32 operation, u32 value, u64 fourth, UserAddress second, u32 third_value) {
    u32 command = operation & ~u32{private_flag | clock_realtime_flag};
    auto scope = operation & private_flag ? futex::Scope::privately : futex::Scope::shared;
    bool realtime = operation & clock_realtime_flag;
    futex::Word first{task.memory(), word, scope}, other{task.memory(), second, scope};
    auto count = static_cast<i32>(value), other_count = static_cast<i32>(fourth);
    auto id = static_cast<u32>(task.id());
    if (realtime && command != wait_bitset && command != wait_requeue_pi && command != lock_pi2) return fail(Error::not_implemented);
    switch (command) {
    case wait: TRY(futex::wait(first, value, TRY(deadline_of(task, command, realtime, fourth)))); return 0;
    case wait_bitset: TRY(futex::wait(first, value, TRY(deadline_of(task, command, realtime, fourth)), third_value)); return 0;
    case wake: return futex::wake(first, count);
    case wake_bitset: return futex::wake(first, count, third_value);
    case requeue: return futex::requeue(first, other, count, other_count);
    case cmp_requeue: return futex::compare_and_requeue(first, other, count, other_count, third_value);
    case wake_op: return futex::wake_and_operate(first, other, count, other_count, third_value);
    case lock_pi:
    case lock_pi2: TRY(futex::lock_pi(first, id, TRY(deadline_of(task, command, realtime, fourth)))); return 0;
    case trylock_pi: TRY(futex::try_lock_pi(first, id)); return 0;
    case unlock_pi: TRY(futex::unlock_pi(first, id)); return 0;
    case wait_requeue_pi:
        TRY(futex::wait_requeue_pi(first, value, TRY(deadline_of(task, command, realtime, fourth)), third_value, other, id));
        return 0;
    case cmp_requeue_pi: return futex::compare_and_requeue_pi(first, other, count, other_count, third_value);
    default: return fail(Error::not_implemented);
    }
}

namespace {
struct Words {
    Task& task;
    const HeapArray<FutexWait>& waits;
};
constexpr u32 private_word = 128;
futex::Expected expected_at(void* context, u64 index) {
    auto& words = *static_cast<Words*>(context);
    auto& wait = words.waits[index];
    return {{words.task.memory(), {wait.address}, wait.flags & private_word ? futex::Scope::privately : futex::Scope::shared}, static_cast<u32>(wait.value)};
}
}  // namespace

Result<u64> futex_waitv(Task& task, UserIn<FutexWait> user, u32 count, Flags flags, UserIn<Timespec> timeout, i32 clock) {
    constexpr u32 most = 128, size_of_word = 2;
    if (flags || count == 0 || count > most || !user) return fail(Error::invalid);
    auto deadline = Instant::never();
    if (timeout) {
        if (clock != clock_realtime && clock != clock_monotonic) return fail(Error::invalid);
        auto at = TRY(timeout.read());
        if (!at.valid()) return fail(Error::invalid);
        deadline = instant_of(clock, at);
    }
    auto waits = TRY(HeapArray<FutexWait>::create(count));
    TRY(user.read_all(waits.span()));
    for (auto& wait : waits)
        if ((wait.flags & ~private_word) != size_of_word || wait.reserved || wait.value >> 32) return fail(Error::invalid);
    Words words{task, waits};
    return futex::wait_for_any(count, expected_at, &words, deadline);
}

}  // namespace spore::linux::calls
