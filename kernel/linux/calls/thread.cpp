// Threads: what Linux keeps for each, and how they are scheduled.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux::calls {

namespace {

Result<Shared<Task>> task_by(Task& task, i32 tid) {
    if (tid < 0) return fail(Error::invalid);
    if (tid == 0) return Shared<Task>(task);
    auto found = find_task(tid);
    if (!found) return fail(Error::no_process);
    return found;
}

task::CpuSet running_cpus() {
    u32 count = arch::cpu_count();
    return count >= 64 ? ~task::CpuSet{0} : (task::CpuSet{1} << count) - 1;
}

}  // namespace

Result<u64> set_tid_address(Task& task, UserAddress at) {
    task.clear_child_id = at;
    return static_cast<u64>(task.id());
}
Result<u64> set_robust_list(Task& task, UserAddress head, u64 size) {
    constexpr u64 head_size = 24;
    if (size != head_size) return fail(Error::invalid);
    task.robust_list = head;
    return 0;
}
Result<u64> get_robust_list(Task& task, i32 tid, UserOut<u64> head, UserOut<u64> size) {
    auto other = TRY(task_by(task, tid));
    TRY(head.write(other->robust_list.value));
    TRY(size.write(24));
    return 0;
}

Result<u64> sched_yield(Task&) {
    task::yield();
    return 0;
}

Result<u64> sched_getaffinity(Task& task, i32 tid, u32 size, UserBytes mask) {
    if (size < sizeof(task::CpuSet) || size % sizeof(u64)) return fail(Error::invalid);
    auto other = TRY(task_by(task, tid));
    auto cpus = other->thread().affinity() & running_cpus();
    TRY(arch::copy_to_program(mask, &cpus, sizeof cpus));
    return sizeof cpus;
}
Result<u64> sched_setaffinity(Task& task, i32 tid, u32 size, UserBytes mask) {
    auto other = TRY(task_by(task, tid));
    task::CpuSet cpus = 0;
    TRY(arch::copy_from_program(&cpus, mask, std::min<u64>(size, sizeof cpus)));
    cpus &= running_cpus();
    if (!cpus) return fail(Error::invalid);
    TRY(other->thread().set_affinity(cpus));
    return 0;
}

namespace {
enum Policy : i32 { other = 0, fifo = 1, round_robin = 2, batch = 3, idle = 5, reset_on_fork = 0x4000'0000 };
bool known(i32 policy) { return policy == other || policy == fifo || policy == round_robin || policy == batch || policy == idle; }
bool realtime(i32 policy) { return policy == fifo || policy == round_robin; }
}  // namespace

Result<u64> sched_getparam(Task& task, i32 tid, UserOut<i32> parameter) {
    (void)TRY(task_by(task, tid));
    TRY(parameter.write(0));
    return 0;
}
Result<u64> sched_setparam(Task& task, i32 tid, UserIn<i32> parameter) {
    (void)TRY(task_by(task, tid));
    if (TRY(parameter.read()) != 0) return fail(Error::invalid);
    return 0;
}
Result<u64> sched_getscheduler(Task& task, i32 tid) {
    (void)TRY(task_by(task, tid));
    return other;
}
Result<u64> sched_setscheduler(Task& task, i32 tid, i32 policy, UserIn<i32> parameter) {
    (void)TRY(task_by(task, tid));
    policy &= ~reset_on_fork;
    if (!known(policy)) return fail(Error::invalid);
    i32 priority = TRY(parameter.read());
    if (realtime(policy)) return fail(priority < 1 || priority > 99 ? Error::invalid : Error::not_permitted);
    if (priority != 0) return fail(Error::invalid);
    return 0;
}
Result<u64> sched_get_priority_max(Task&, i32 policy) {
    if (!known(policy)) return fail(Error::invalid);
    return realtime(policy) ? 99 : 0;
}
Result<u64> sched_get_priority_min(Task&, i32 policy) {
    if (!known(policy)) return fail(Error::invalid);
    return realtime(policy) ? 1 : 0;
}
Result<u64> sched_rr_get_interval(Task& task, i32 tid, UserOut<Timespec> interval) {
    (void)TRY(task_by(task, tid));
    TRY(interval.write(Timespec{0, 10'000'000}));
    return 0;
}

Result<u64> getcpu(Task&, UserOut<u32> cpu, UserOut<u32> node) {
    if (cpu) TRY(cpu.write(arch::cpu_id()));
    if (node) TRY(node.write(0));
    return 0;
}

Result<u64> rseq(Task&, UserAddress, u32, Flags, u32) { return fail(Error::not_implemented); }

Result<u64> membarrier(Task& task, i32 command, Flags flags) {
    enum Command : i32 { query = 0, private_expedited = 8, register_private_expedited = 16, private_sync_core = 32, register_private_sync_core = 64 };
    if (flags) return fail(Error::invalid);
    switch (command) {
    case query: return private_expedited | register_private_expedited | private_sync_core | register_private_sync_core;
    case register_private_expedited:
    case register_private_sync_core: return 0;
    case private_expedited:
    case private_sync_core:
        // Every CPU that runs in this address space takes an interrupt, which orders its memory accesses and its instructions.
        task.memory().page_table().flush({arch::program_start}, {arch::program_start + page_size});
        return 0;
    default: return fail(Error::invalid);
    }
}

}  // namespace spore::linux::calls
