// The end of threads. A thread cannot free the stack that it stands on: the next one on its CPU hands it to the reaper, a thread of its own, since what
// remains to be done (closing files, freeing an address space) may sleep.
#include "kernel/core/panic.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/task/scheduler.hpp"

namespace spore::task {

namespace {
constinit Locked<ThreadQueue, sync::Spin> ended_threads;
constinit Thread* reaper = nullptr;
}  // namespace

void end() { Scheduler::end(); }

void Scheduler::end() {
    Cpu& cpu = here();
    core::trace_thread(core::TracePoint::thread_end, cpu.current->number());
    cpu.current->state_.store(State::ended, std::memory_order_relaxed);
    schedule(cpu);
    core::panic("an ended thread was switched to");
}

void Scheduler::reap_later(Thread& thread) {
    ended_threads.with([&](ThreadQueue& queue) { queue.push_back(thread); });
    wake(*reaper);
}

void Scheduler::reap(void*) {
    for (;;) {
        prepare_to_block();
        Thread* thread = ended_threads.with([](ThreadQueue& queue) { return queue.pop_front(); });
        if (!thread) {
            block(sync::Interruptible::no);
            continue;
        }
        cancel_block();
        if (thread->owner_) thread->owner_->ended();
        if (thread->stack_top_) delete thread;  // all but the boot thread, which stands on the machine's stack
    }
}

void Scheduler::start_reaper() {
    auto thread = MUST(Thread::create("reaper", reap, nullptr), "boot has memory for more than a program's first thread");
    reaper = thread.get();
    start(*thread.release());
}

}  // namespace spore::task
