// Timers that send signals: setitimer's three, and timer_create's.
#pragma once

#include "base/list.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/sync/mutex.hpp"

namespace spore::linux {

/// Fires when a clock passes a point, and from then on at every interval. The clock is elapsed time, the wall clock, or the processor time of a process or
/// of one of its tasks. Setting and reading are for the owner's mutex to serialise; expired() comes in interrupt context.
class IntervalTimer {
public:
    enum class Source : u8 { elapsed, wall, process_cpu, process_user, task_cpu };
    IntervalTimer(Process& process, Source source, i32 task_id = 0) : timer_(*this), process_(process), source_(source), task_id_(task_id) {}

    struct Setting {
        Duration left, interval;  ///< left is 0 when it is not armed
    };
    Setting get() const;
    /// `at` on the timer's own clock; 0 disarms.
    void set(u64 at, Duration interval);
    /// Whether it is on the wall clock or on the one of elapsed time, if it is on either. Only while it is stopped.
    void follow_wall(bool follow) {
        if (source_ <= Source::wall) source_ = follow ? Source::wall : Source::elapsed;
    }
    /// After this, expired() is not called any more.
    void stop() { set(0, {}); }
    /// Where the timer's clock stands.
    u64 now() const;

protected:
    ~IntervalTimer() { timer_.cancel(); }
    /// `count` times since it was last called.
    virtual void expired(u64 count) = 0;
    Process& process() const { return process_; }

private:
    struct Alarm : time::Timer {
        explicit Alarm(IntervalTimer& of) : Timer([](Timer& timer) { static_cast<Alarm&>(timer).owner.fire(); }), owner(of) {}
        IntervalTimer& owner;
    };
    void fire();
    void arm(u64 now);

    Alarm timer_;
    Process& process_;
    Source source_;
    i32 task_id_;
    std::atomic<u64> next_ = 0;
    std::atomic<u64> interval_ = 0;
    u64 fired_ = 0;  ///< when it last did
};

/// setitimer's: sends one signal, which carries nothing.
class SignalTimer final : public IntervalTimer {
public:
    SignalTimer(Process& process, Source source, i32 signal) : IntervalTimer(process, source), signal_(signal) {}

private:
    void expired(u64 count) override;
    i32 signal_;
};

/// RLIMIT_CPU: SIGXCPU at the soft limit and every second from then on, SIGKILL at the hard one [setrlimit(2)].
class LimitTimer final : public IntervalTimer {
public:
    explicit LimitTimer(Process& process) : IntervalTimer(process, Source::process_cpu) {}

private:
    void expired(u64 count) override;
};

/// timer_create's.
class PosixTimer final : public IntervalTimer {
public:
    struct Notification {
        i32 signal = 0;     ///< 0: none
        i32 task_id = 0;    ///< 0: the process
        u64 value = 0;
    };
    PosixTimer(Process& process, i32 clock, Source source, i32 source_task, Notification notification, i32 id)
        : IntervalTimer(process, source, source_task), clock_(clock), notification_(notification), id_(id) {}
    i32 id() const { return id_; }
    i32 clock() const { return clock_; }
    void set_value(u64 value) { notification_.value = value; }
    /// Expirations that the last delivered signal stands for, beyond its own.
    u32 overrun() const;
    ListLink<PosixTimer> link;

private:
    void expired(u64 count) override;
    i32 clock_;
    Notification notification_;
    i32 id_;
    std::atomic<u32> queued_overrun_ = 0, delivered_overrun_ = 0;
};

/// A process's timers. Made when the first is set; they go with the process.
struct ProcessTimers {
    explicit ProcessTimers(Process& process);
    ~ProcessTimers() { delete_all(); }
    void delete_all();

    sync::Mutex mutex;
    SignalTimer real, by_user, by_all;
    LimitTimer limit;
    List<PosixTimer, &PosixTimer::link> posix;
    u32 posix_count = 0;  ///< as many as RLIMIT_SIGPENDING lets: each may have a signal waiting
    i32 next_id = 0;
};
Result<ProcessTimers*> ensure_timers(Process& process);
/// The process ends: nothing fires any more.
void stop_timers(Process& process);
/// After RLIMIT_CPU changed, or came from the parent.
Result<void> watch_cpu_limit(Process& process);
/// execve keeps setitimer's and deletes timer_create's [execve(2)].
void delete_posix_timers(Process& process);

}  // namespace spore::linux
