// Threads that wait for something to become true. The condition is guarded by a lock of the caller's:
//
//   Guard guard(lock_);
//   while (buffer_.empty()) TRY(readers_.wait(lock_, Interruptible::yes));
//
// and whoever makes it true, under the same lock, calls wake_one() or wake_all().
#pragma once

#include "base/list.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::task {
class Thread;
}

namespace spore::sync {

/// Whether a signal to the thread ends the wait.
enum class Interruptible : u8 { no, yes };

class WaitQueue {
public:
    constexpr WaitQueue() = default;
    WaitQueue(const WaitQueue&) = delete;

    /// Releases `lock`, sleeps until woken, takes `lock` again. interrupted when a signal came (and `interruptible`), timed_out
    /// when `deadline` passed, would_block where the thread does not wait (task::Thread::waits, and `interruptible`). May also return success without reason: callers loop over their condition.
    template <typename Lock>
    Result<void> wait(Lock& lock, Interruptible interruptible, Instant deadline = Instant::never()) {
        Waiter waiter;
        enqueue(waiter);
        lock.unlock();
        auto result = sleep(waiter, interruptible, deadline);
        lock.lock();
        return result;
    }

    /// Wakes the thread that waits longest; false when nobody waits.
    bool wake_one();
    /// Wakes all; how many there were.
    unsigned wake_all();
    bool empty() const;

private:
    friend class Mutex;
    struct Waiter {
        ListLink<Waiter> link;
        task::Thread* thread = nullptr;
    };
    void enqueue(Waiter& waiter);
    /// False when a wake-up has taken it out already.
    bool dequeue(Waiter& waiter);
    /// Instead of sleep(): the wait is over before it began.
    void cancel(Waiter& waiter);
    Result<void> sleep(Waiter& waiter, Interruptible interruptible, Instant deadline);

    mutable Spin lock_;
    List<Waiter, &Waiter::link> waiters_;
};

}  // namespace spore::sync
