#include "kernel/linux/core_file/halt.hpp"

#include "arch/registers.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux {

bool halt_others(Task& task, WaitStatus status, CoreHalt& halt) {
    auto& process = task.process();
    if (!process.begin_halted_exit(status, halt)) return false;
    TreeGuard guard(tree_lock());
    // Helpers end: others may wait at their own end for what these do.
    while (process.live_tasks - process.helpers > halt.halted + 1) (void)process.tasks_changed.wait(tree_lock(), sync::Interruptible::no);
    return true;
}

void let_others_end(Task& task, WaitStatus status) {
    auto& process = task.process();
    TreeGuard guard(tree_lock());
    process.status = status;
    process.core_halt.store(nullptr, std::memory_order_relaxed);
    process.resumed.wake_all();
}

void stand_still(Task& task) {
    if (task.is_helper) return;
    // All of the extended state: a switch leaves out what is at its initial value.
    std::byte first[1];
    arch::export_extended_state(*task.thread().program_state(), first);
    auto& process = task.process();
    TreeGuard guard(tree_lock());
    auto* halt = process.core_halt.load(std::memory_order_relaxed);
    if (!halt) return;
    ++halt->halted;
    process.tasks_changed.wake_all();
    while (process.core_halt.load(std::memory_order_relaxed)) (void)process.resumed.wait(tree_lock(), sync::Interruptible::no);
}

}  // namespace spore::linux
