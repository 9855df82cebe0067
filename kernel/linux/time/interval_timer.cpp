#include "kernel/linux/time/interval_timer.hpp"

#include "kernel/linux/calls/usage.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/signal/send.hpp"

namespace spore::linux {

u64 IntervalTimer::now() const {
    switch (source_) {
    case Source::elapsed: break;
    case Source::wall: return static_cast<u64>(time::wall_nanoseconds());
    case Source::process_cpu: {
        auto used = cpu_usage_of(process_);
        return static_cast<u64>((used.user + used.system).nanoseconds);
    }
    case Source::process_user: return static_cast<u64>(cpu_usage_of(process_).user.nanoseconds);
    case Source::task_cpu: {
        TreeGuard guard(tree_lock());
        for (auto& task : process_.tasks)
            if (task.id() == task_id_) {
                auto used = task.usage();
                return static_cast<u64>((used.user + used.system).nanoseconds);
            }
        return 0;
    }
    }
    return time::now().nanoseconds;
}

IntervalTimer::Setting IntervalTimer::get() const {
    u64 next = next_.load(std::memory_order_relaxed);
    Setting setting{{}, Duration::ns(static_cast<i64>(interval_.load(std::memory_order_relaxed)))};
    if (!next) return setting;
    u64 here = now();
    // What is armed has something left, if only a nanosecond.
    setting.left = Duration::ns(next > here ? static_cast<i64>(next - here) : 1);
    return setting;
}

void IntervalTimer::set(u64 at, Duration interval) {
    timer_.cancel();
    interval_.store(static_cast<u64>(interval.nanoseconds), std::memory_order_relaxed);
    fired_ = 0;
    next_.store(at, std::memory_order_relaxed);
    if (at) arm(now());
}

void IntervalTimer::arm(u64 now) {
    u64 next = next_.load(std::memory_order_relaxed);
    if (source_ <= Source::wall) {
        // What comes more often than this is counted together: a program's interval of a nanosecond must not take the processor whole.
        constexpr auto most_often = Duration::us(100);
        auto at = interval_.load(std::memory_order_relaxed) ? std::max(Instant{next}, Instant{fired_} + most_often) : Instant{next};
        return timer_.arm(source_ == Source::wall ? time::on_wall(static_cast<i64>(at.nanoseconds)) : at);
    }
    // Processor time passes as fast as tasks run at once, at most: look again when it could have come at the earliest.
    constexpr u64 shortest = 1'000'000;
    u64 left = next > now ? next - now : 0;
    u64 tasks = source_ != Source::task_cpu ? std::max(1u, std::min(process_.live_tasks, arch::cpu_count())) : 1;
    timer_.arm(time::now() + Duration::ns(static_cast<i64>(std::max(shortest, left / tasks))));
}

void IntervalTimer::fire() {
    u64 next = next_.load(std::memory_order_relaxed), interval = interval_.load(std::memory_order_relaxed);
    if (!next) return;
    u64 here = now();
    if (here < next) return arm(here);
    u64 count = interval ? 1 + (here - next) / interval : 1;
    fired_ = here;
    next_.store(interval ? next + count * interval : 0, std::memory_order_relaxed);
    if (interval) arm(here);
    expired(count);
}

void SignalTimer::expired(u64) { send_to_process(process(), SignalInfo::from_kernel(signal_)); }

void LimitTimer::expired(u64) {
    constexpr u64 second = 1'000'000'000;
    auto hard = process().limit(limit_cpu).hard;
    bool over = hard != Limit::infinite && now() / second >= hard;
    send_to_process(process(), SignalInfo::from_kernel(over ? sigkill : sigxcpu));
}

void PosixTimer::expired(u64 count) {
    constexpr u64 most_overruns = 0x7fff'ffff;  // DELAYTIMER_MAX
    if (!notification_.signal) return;
    auto missed = static_cast<u32>(std::min<u64>(count - 1, most_overruns));
    auto info = SignalInfo::timer(notification_.signal, id_, static_cast<i32>(missed), notification_.value);
    if (send_timer_signal(process(), notification_.task_id, info) == TimerSignal::merged) {
        u64 sum = u64{queued_overrun_.load(std::memory_order_relaxed)} + missed + 1;
        queued_overrun_.store(static_cast<u32>(std::min<u64>(sum, most_overruns)), std::memory_order_relaxed);
        return;
    }
    delivered_overrun_.store(queued_overrun_.exchange(missed, std::memory_order_relaxed), std::memory_order_relaxed);
}

u32 PosixTimer::overrun() const {
    bool waits = timer_signal_waits(process(), notification_.task_id, notification_.signal, id_);
    return (waits ? delivered_overrun_ : queued_overrun_).load(std::memory_order_relaxed);
}

ProcessTimers::ProcessTimers(Process& process)
    : real(process, IntervalTimer::Source::elapsed, sigalrm), by_user(process, IntervalTimer::Source::process_user, sigvtalrm),
      by_all(process, IntervalTimer::Source::process_cpu, sigprof), limit(process) {}

void ProcessTimers::delete_all() {
    while (auto* timer = posix.pop_front()) {
        timer->stop();
        delete timer;
    }
    posix_count = 0;
}

Result<ProcessTimers*> ensure_timers(Process& process) {
    if (auto* timers = process.timers.load(std::memory_order_acquire)) return timers;
    auto made = TRY(make_owned<ProcessTimers>(process));
    ProcessTimers* other = nullptr;
    if (!process.timers.compare_exchange_strong(other, made.get(), std::memory_order_acq_rel)) return other;
    return made.release();
}

Result<void> watch_cpu_limit(Process& process) {
    auto limit = process.limit(limit_cpu);
    if (limit.soft == Limit::infinite && !process.timers.load(std::memory_order_acquire)) return {};
    auto* timers = TRY(ensure_timers(process));
    Guard guard(timers->mutex);
    constexpr u64 longest = Instant::never().nanoseconds / 1'000'000'000;
    // No time at all is a second [linux].
    u64 seconds = std::max<u64>(limit.soft, 1);
    if (seconds >= longest) timers->limit.stop();
    else timers->limit.set(seconds * 1'000'000'000, Duration::seconds(1));
    return {};
}

void stop_timers(Process& process) {
    auto* timers = process.timers.load(std::memory_order_acquire);
    if (!timers) return;
    Guard guard(timers->mutex);
    timers->real.stop(), timers->by_user.stop(), timers->by_all.stop(), timers->limit.stop();
    timers->delete_all();
}

void delete_posix_timers(Process& process) {
    auto* timers = process.timers.load(std::memory_order_acquire);
    if (!timers) return;
    Guard guard(timers->mutex);
    timers->delete_all();
}

}  // namespace spore::linux
