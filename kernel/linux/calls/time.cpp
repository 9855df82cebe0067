// Clocks and sleeping.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/usage.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/time/clock.hpp"
#include "kernel/linux/time/deadline.hpp"

namespace spore::linux {

Result<i64> read_clock(Task& task, i32 clock) {
    switch (clock) {
    case clock_realtime:
    case clock_realtime_coarse:
    case clock_realtime_alarm:
    case clock_tai: return time::wall_nanoseconds();
    case clock_monotonic:
    case clock_monotonic_raw:
    case clock_monotonic_coarse:
    case clock_boottime:
    case clock_boottime_alarm: return static_cast<i64>(time::now().nanoseconds);
    case clock_process_cpu: {
        auto used = usage_of(task.process());
        return (used.user + used.system).nanoseconds;
    }
    case clock_thread_cpu: return task.thread().run_time().nanoseconds;
    default: break;
    }
    if (clock >= 0) return fail(Error::invalid);
    // A process's or thread's clock: ~id in the upper bits, bit 2 for a thread, the kind below [linux] posix-timers.
    if ((clock & 3) == 3) return fail(Error::invalid);
    i32 id = ~(clock >> 3);
    if (clock & 4) {
        auto other = id == 0 ? Shared<Task>(task) : find_task(id);
        if (!other) return fail(Error::invalid);
        Usage used;
        {
            TreeGuard guard(tree_lock());  // its thread may be ending
            used = other->usage();
        }
        return (used.user + used.system).nanoseconds;
    }
    auto process = id == 0 ? Shared<Process>(task.process()) : find_process(id);
    if (!process) return fail(Error::invalid);
    auto used = usage_of(*process);
    return (used.user + used.system).nanoseconds;
}

Instant instant_of(i32 clock, Timespec at) {
    i64 nanoseconds = at.duration().nanoseconds;
    return follows_wall(clock) ? time::on_wall(nanoseconds) : Instant{static_cast<u64>(nanoseconds)};
}

namespace calls {

Result<u64> clock_gettime(Task& task, i32 clock, UserOut<Timespec> result) {
    TRY(result.write(Timespec::of(TRY(read_clock(task, clock)))));
    return 0;
}
Result<u64> clock_getres(Task& task, i32 clock, UserOut<Timespec> result) {
    (void)TRY(read_clock(task, clock));
    if (result) TRY(result.write(Timespec{0, 1}));
    return 0;
}
Result<u64> clock_settime(Task& task, i32 clock, UserIn<Timespec> user) {
    if (clock != clock_realtime) return fail(Error::invalid);
    auto wanted = TRY(user.read());
    if (!wanted.valid()) return fail(Error::invalid);
    if (!task.process().credentials().may(Capability::time)) return fail(Error::not_permitted);
    time::change_wall_nanoseconds(wanted.duration().nanoseconds);
    return 0;
}
Result<u64> gettimeofday(Task&, UserOut<Timeval> result, UserOut<u64> zone) {
    if (result) TRY(result.write(Timeval::of(Duration::ns(time::wall_nanoseconds()))));
    if (zone) TRY(zone.write(0));
    return 0;
}
Result<u64> time(Task&, UserOut<i64> result) {
    i64 seconds = time::wall_nanoseconds() / 1'000'000'000;
    if (result) TRY(result.write(seconds));
    return static_cast<u64>(seconds);
}

namespace {

Result<u64> sleep_until(Task& task, Instant deadline) {
    while (!time::has_passed(deadline)) {
        task::prepare_to_block();
        if (task::block(sync::Interruptible::yes, deadline) == task::Woken::by_interrupt || task.wants_signals()) return fail(Error::interrupted);
    }
    return 0;
}

Result<u64> sleep_for(Task& task, Timespec wanted, UserOut<Timespec> remaining) {
    if (!wanted.valid()) return fail(Error::invalid);
    Instant deadline = resumable_deadline(task, wanted.duration());
    auto result = sleep_until(task, deadline);
    if (!result && remaining) {
        auto now = time::now();
        TRY(remaining.write(Timespec::of(deadline > now ? deadline - now : Duration{})));
    }
    return result;
}

}  // namespace

Result<u64> nanosleep(Task& task, UserIn<Timespec> wanted, UserOut<Timespec> remaining) { return sleep_for(task, TRY(wanted.read()), remaining); }
Result<u64> clock_nanosleep(Task& task, i32 clock, Flags flags, UserIn<Timespec> user, UserOut<Timespec> remaining) {
    constexpr u32 absolute = 1;
    (void)TRY(read_clock(task, clock));
    switch (clock) {
    case clock_process_cpu: case clock_thread_cpu: case clock_monotonic_raw: case clock_monotonic_coarse: case clock_realtime_coarse:
        return fail(Error::not_supported);
    default: if (clock < 0) return fail(Error::not_supported);
    }
    auto wanted = TRY(user.read());
    if (!wanted.valid()) return fail(Error::invalid);
    if (flags & absolute) return sleep_until(task, instant_of(clock, wanted));
    return sleep_for(task, wanted, remaining);
}

}  // namespace calls
}  // namespace spore::linux
