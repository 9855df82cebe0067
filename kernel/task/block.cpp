// Sleeping until woken, or until a point in time.
#include "kernel/task/scheduler.hpp"

namespace spore::task {

// A full barrier: the caller looks at its condition next, and a waker changes that before it looks at the state.
void prepare_to_block() { current().prepare(); }
void cancel_block() { current().unprepare(); }

namespace {
/// Wakes a thread at its deadline.
struct Alarm {
    explicit Alarm(Thread& who) : thread(&who) {}
    static void ring(time::Timer& timer) {
        auto& alarm = reinterpret_cast<Alarm&>(timer);
        alarm.rung.store(true, std::memory_order_relaxed);
        wake(*alarm.thread);
    }

    time::Timer timer{ring};  // first, for ring()
    Thread* thread;
    std::atomic<bool> rung = false;
};
static_assert(offsetof(Alarm, timer) == 0);
}  // namespace

Woken block(sync::Interruptible interruptible, Instant deadline) {
    Thread& self = current();
    bool heeds = interruptible == sync::Interruptible::yes;
    if (heeds && self.interrupted()) {
        cancel_block();
        return Woken::by_interrupt;
    }
    if (deadline == Instant::never()) {
        Scheduler::sleep(self);
    } else {
        if (time::has_passed(deadline)) {
            cancel_block();
            return Woken::by_deadline;
        }
        Alarm alarm(self);
        alarm.timer.arm(deadline);
        Scheduler::sleep(self);
        alarm.timer.cancel();
        if (alarm.rung.load(std::memory_order_relaxed)) return Woken::by_deadline;
    }
    return heeds && self.interrupted() ? Woken::by_interrupt : Woken::by_wake;
}

}  // namespace spore::task
