#include "kernel/sync/sleep.hpp"

#include "kernel/sync/wait_queue.hpp"
#include "kernel/time/timer.hpp"

namespace spore::sync {

void sleep(Duration span) {
    Spin lock;
    WaitQueue nobody;
    Guard guard(lock);
    (void)nobody.wait(lock, Interruptible::no, time::now() + span);
}

}  // namespace spore::sync
