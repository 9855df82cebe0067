// The contended half of Mutex.
#include "kernel/sync/mutex.hpp"

#include <bit>

#include "kernel/task/thread.hpp"

namespace spore::sync {

namespace {
/// Most holders are done sooner than a sleep and a wake-up take, when they run on another CPU.
constexpr unsigned spins = 64;
}  // namespace

void Mutex::lock_contended() {
    if (!std::has_single_bit(task::online_cpus())) {
        for (unsigned i = 0; i < spins; ++i) {
            if (word_.load(std::memory_order_relaxed) == free && try_lock()) return;
            arch::relax();
        }
    }
    for (;;) {
        WaitQueue::Waiter waiter;
        waiting_.enqueue(waiter);
        // Announced as waiting before the word says `contended`: whoever unlocks after that finds us in the queue.
        if (word_.exchange(contended, std::memory_order_acquire) == free) {
            waiting_.cancel(waiter);
            return;
        }
        (void)waiting_.sleep(waiter, Interruptible::no, Instant::never());  // its reason does not matter: look again
    }
}

void Mutex::wake_next() { waiting_.wake_one(); }

}  // namespace spore::sync
