// Waiting threads in the order in which they came. Wake-ups happen under the queue's lock, and a woken thread takes that lock before it goes on: so a
// thread cannot end while its waker still holds it.
#include "kernel/sync/wait_queue.hpp"

#include "kernel/task/thread.hpp"

namespace spore::sync {

void WaitQueue::enqueue(Waiter& waiter) {
    waiter.thread = &task::current();
    waiter.thread->prepare();
    Guard guard(lock_);
    waiters_.push_back(waiter);
}

bool WaitQueue::dequeue(Waiter& waiter) {
    Guard guard(lock_);
    if (!waiter.link.linked) return false;
    waiters_.remove(waiter);
    return true;
}

Result<void> WaitQueue::sleep(Waiter& waiter, Interruptible interruptible, Instant deadline) {
    if (interruptible == Interruptible::yes && !waiter.thread->waits()) [[unlikely]] {
        waiter.thread->unprepare();
        if (!dequeue(waiter)) return {};
        return fail(Error::would_block);
    }
    auto woken = task::block(interruptible, deadline);
    if (!dequeue(waiter)) return {};  // a wake-up was spent on us, whatever else happened
    switch (woken) {
        case task::Woken::by_interrupt: return fail(Error::interrupted);
        case task::Woken::by_deadline: return fail(Error::timed_out);
        case task::Woken::by_wake: return {};  // without reason
    }
    return {};
}

void WaitQueue::cancel(Waiter& waiter) {
    waiter.thread->unprepare();
    dequeue(waiter);
}

bool WaitQueue::wake_one() {
    Guard guard(lock_);
    Waiter* waiter = waiters_.pop_front();
    if (!waiter) return false;
    task::wake(*waiter->thread);
    return true;
}

unsigned WaitQueue::wake_all() {
    Guard guard(lock_);
    unsigned count = 0;
    for (; Waiter* waiter = waiters_.pop_front(); ++count) task::wake(*waiter->thread);
    return count;
}

bool WaitQueue::empty() const {
    Guard guard(lock_);
    return waiters_.empty();
}

}  // namespace spore::sync
