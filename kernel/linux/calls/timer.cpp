// setitimer, timer_create and their kin; adjtimex.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/time/clock.hpp"
#include "kernel/linux/time/interval_timer.hpp"

namespace spore::linux::calls {

namespace {

Result<IntervalTimer*> choose(ProcessTimers& timers, i32 which) {
    switch (which) {
    case 0: return &timers.real;
    case 1: return &timers.by_user;
    case 2: return &timers.by_all;
    default: return fail(Error::invalid);
    }
}

u64 after_now(const IntervalTimer& timer, Duration span) {
    return span.nanoseconds ? (Instant{timer.now()} + span).nanoseconds : 0;
}

Result<IntervalTimer::Setting> exchange(Process& process, i32 which, Duration value, Duration interval) {
    auto* timers = TRY(ensure_timers(process));
    auto* timer = TRY(choose(*timers, which));
    Guard guard(timers->mutex);
    auto before = timer->get();
    timer->set(after_now(*timer, value), interval);
    return before;
}

/// In microseconds, but never nothing when something is left: that would mean disarmed.
IntervalTimeval in_microseconds(const IntervalTimer::Setting& setting) {
    auto left = setting.left.nanoseconds;
    return {Timeval::of(setting.interval), Timeval::of(Duration::ns(left > 0 && left < 1000 ? 1000 : left))};
}

/// With the timers' mutex held.
Result<PosixTimer*> find(ProcessTimers& timers, i32 id) {
    for (auto& timer : timers.posix)
        if (timer.id() == id) return &timer;
    return fail(Error::invalid);
}

}  // namespace

Result<u64> getitimer(Task& task, i32 which, UserOut<IntervalTimeval> result) {
    auto* timers = TRY(ensure_timers(task.process()));
    auto* timer = TRY(choose(*timers, which));
    IntervalTimer::Setting now;
    {
        Guard guard(timers->mutex);
        now = timer->get();
    }
    TRY(result.write(in_microseconds(now)));
    return 0;
}

Result<u64> setitimer(Task& task, i32 which, UserIn<IntervalTimeval> user, UserOut<IntervalTimeval> old) {
    IntervalTimeval wanted;
    if (user) wanted = TRY(user.read());
    if (!wanted.value.valid() || !wanted.interval.valid()) return fail(Error::invalid);
    auto before = TRY(exchange(task.process(), which, wanted.value.duration(), wanted.interval.duration()));
    if (old) TRY(old.write(in_microseconds(before)));
    return 0;
}

Result<u64> alarm(Task& task, u32 seconds) {
    auto before = TRY(exchange(task.process(), 0, Duration::seconds(seconds), {}));
    // To the nearest second, but never nothing when something is left [linux].
    u64 left = static_cast<u64>(before.left.nanoseconds);
    u64 rounded = (left + 500'000'000) / 1'000'000'000;
    return left && !rounded ? 1 : rounded;
}

Result<u64> timer_create(Task& task, i32 clock, UserIn<SignalEvent> user, UserOut<i32> result) {
    constexpr i32 to_signal = 0, to_nothing = 1, to_function = 2, to_thread = 4;  // SIGEV_*
    (void)TRY(read_clock(task, clock));
    SignalEvent event{.signal = sigalrm, .notify = to_signal};
    if (user) event = TRY(user.read());
    PosixTimer::Notification notification{.value = event.value};
    switch (event.notify) {
    case to_nothing: break;
    case to_thread: {
        auto target = find_task(event.task_id);
        if (!target || &target->process() != &task.process()) return fail(Error::invalid);
        notification.task_id = event.task_id;
        [[fallthrough]];
    }
    case to_signal:
    case to_function:  // the library's matter
        if (!is_signal(event.signal)) return fail(Error::invalid);
        notification.signal = event.signal;
        break;
    default: return fail(Error::invalid);
    }
    auto source = IntervalTimer::Source::elapsed;
    i32 source_task = 0;
    if (clock == clock_process_cpu) source = IntervalTimer::Source::process_cpu;
    else if (clock == clock_thread_cpu) source = IntervalTimer::Source::task_cpu, source_task = task.id();
    else if (clock < 0) {
        // Another thread's or process's clock: only this process's own.
        i32 id = ~(clock >> 3);
        bool of_task = clock & 4;
        source = of_task ? IntervalTimer::Source::task_cpu : IntervalTimer::Source::process_cpu;
        source_task = of_task ? (id ? id : task.id()) : 0;
        auto owner = of_task && id ? find_task(id) : nullptr;
        if (of_task ? owner && &owner->process() != &task.process() : id && id != task.process_id()) return fail(Error::not_supported);
    }
    auto& process = task.process();
    auto* timers = TRY(ensure_timers(process));
    i32 id;
    {
        Guard guard(timers->mutex);
        if (timers->posix_count >= process.limit(limit_signals).soft) return fail(Error::would_block);
        id = timers->next_id++;
        if (!user) notification.value = static_cast<u64>(id);
        auto timer = TRY(make_owned<PosixTimer>(process, clock, source, source_task, notification, id));
        timers->posix.push_back(*timer.release());
        ++timers->posix_count;
    }
    if (auto written = result.write(id); !written) {
        (void)timer_delete(task, id);
        return fail(written.error());
    }
    return 0;
}

Result<u64> timer_settime(Task& task, i32 id, Flags flags, UserIn<IntervalTimespec> user, UserOut<IntervalTimespec> old) {
    constexpr u32 absolute = 1;
    if (!user) return fail(Error::invalid);
    auto wanted = TRY(user.read());
    if (!wanted.value.valid() || !wanted.interval.valid()) return fail(Error::invalid);
    auto* timers = TRY(ensure_timers(task.process()));
    IntervalTimer::Setting before;
    {
        Guard guard(timers->mutex);
        auto* timer = TRY(find(*timers, id));
        before = timer->get();
        auto span = wanted.value.duration();
        bool to_point = (flags & absolute) && span.nanoseconds;
        // Only points are on the wall clock; spans pass however it is set.
        timer->stop();
        timer->follow_wall(to_point && follows_wall(timer->clock()));
        timer->set(to_point ? static_cast<u64>(span.nanoseconds) : after_now(*timer, span), wanted.interval.duration());
    }
    if (old) TRY(old.write({Timespec::of(before.interval), Timespec::of(before.left)}));
    return 0;
}

Result<u64> timer_gettime(Task& task, i32 id, UserOut<IntervalTimespec> result) {
    auto* timers = TRY(ensure_timers(task.process()));
    IntervalTimer::Setting now;
    {
        Guard guard(timers->mutex);
        now = TRY(find(*timers, id))->get();
    }
    TRY(result.write({Timespec::of(now.interval), Timespec::of(now.left)}));
    return 0;
}

Result<u64> timer_getoverrun(Task& task, i32 id) {
    auto* timers = TRY(ensure_timers(task.process()));
    Guard guard(timers->mutex);
    return TRY(find(*timers, id))->overrun();
}

Result<u64> timer_delete(Task& task, i32 id) {
    auto* timers = TRY(ensure_timers(task.process()));
    Guard guard(timers->mutex);
    auto* timer = TRY(find(*timers, id));
    timers->posix.remove(*timer);
    --timers->posix_count;
    timer->stop();
    delete timer;
    return 0;
}

Result<u64> settimeofday(Task& task, UserIn<Timeval> user, UserIn<u64>) {
    if (!task.process().credentials().may(Capability::time)) return fail(Error::not_permitted);
    if (!user) return 0;
    auto wanted = TRY(user.read());
    if (!wanted.valid()) return fail(Error::invalid);
    time::change_wall_nanoseconds(wanted.duration().nanoseconds);
    return 0;
}

namespace {
enum ClockMode : u32 { single_shot = 1, set_offset = 0x100, only_told = 0x2000, in_nanoseconds = 0x2000, adjust_time = 0x8000 };

/// What may be changed: the time, by a step at once. Its rate is the host's.
Result<void> change_clock(Task& task, const ClockDiscipline& wanted) {
    u32 modes = wanted.modes;
    bool privileged = task.process().credentials().may(Capability::time);
    if (modes & adjust_time) {  // the older adjtime(3)
        if (!(modes & single_shot)) return fail(Error::invalid);
        return modes & only_told ? Result<void>() : fail(Error::not_permitted);
    }
    if (!privileged || (modes & ~u32{set_offset | in_nanoseconds})) return fail(Error::not_permitted);
    if (!(modes & set_offset)) return {};
    constexpr i64 longest = 9'000'000'000, second = 1'000'000'000;
    i64 part = wanted.now.microseconds, most = modes & in_nanoseconds ? second : 1'000'000;
    if (part < 0 || part >= most || wanted.now.seconds > longest || wanted.now.seconds < -longest) return fail(Error::invalid);
    i64 to = 0;
    if (__builtin_add_overflow(time::wall_nanoseconds(), wanted.now.seconds * second + part * (second / most), &to) || to < 0) return fail(Error::invalid);
    time::change_wall_nanoseconds(to);
    return {};
}
}  // namespace

Result<u64> clock_adjtime(Task& task, i32 clock, UserInOut<ClockDiscipline> user) {
    if (clock != clock_realtime) return fail(Error::not_supported);
    auto state = TRY(user.read());
    if (state.modes) TRY(change_clock(task, state));
    u32 modes = state.modes;
    constexpr i32 unsynchronised = 0x40;  // STA_UNSYNC
    constexpr u64 error_state = 5;        // TIME_ERROR
    state = {};
    state.modes = modes;
    state.maximum_error = state.estimated_error = 16'000'000;
    state.status = unsynchronised;
    state.constant = 2, state.precision = 1, state.tolerance = 32'768'000, state.tick = 10'000;
    state.now = Timeval::of(Duration::ns(time::wall_nanoseconds()));
    TRY(user.write(state));
    return error_state;
}
Result<u64> adjtimex(Task& task, UserInOut<ClockDiscipline> user) { return clock_adjtime(task, clock_realtime, user); }

}  // namespace spore::linux::calls
