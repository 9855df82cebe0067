// Threads: what Linux keeps for each, and where they may run.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/with_task.hpp"
#include "kernel/linux/process/rseq.hpp"

namespace spore::linux::calls {

namespace {

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
    u64 list = 0;
    TRY(with_task(task, tid, [&](Task& other) -> Result<void> {
        if (!may_look_into(task.process(), other.process())) return fail(Error::not_permitted);
        list = other.robust_list.value;
        return {};
    }));
    TRY(head.write(list));
    TRY(size.write(24));
    return 0;
}

Result<u64> sched_yield(Task&) {
    task::yield();
    return 0;
}

Result<u64> sched_getaffinity(Task& task, i32 tid, u32 size, UserBytes mask) {
    if (size < sizeof(task::CpuSet) || size % sizeof(u64)) return fail(Error::invalid);
    if (tid < 0) return fail(Error::no_process);  // other calls say EINVAL
    task::CpuSet cpus = 0;
    TRY(with_task(task, tid, [&](Task& other) {
        cpus = other.thread().affinity() & running_cpus();
        return Result<void>();
    }));
    TRY(arch::copy_to_program(mask, &cpus, sizeof cpus));
    return sizeof cpus;
}
Result<u64> sched_setaffinity(Task& task, i32 tid, u32 size, UserBytes mask) {
    task::CpuSet cpus = 0;
    TRY(arch::copy_from_program(&cpus, mask, std::min<u64>(size, sizeof cpus)));
    if (tid < 0) return fail(Error::no_process);
    cpus &= running_cpus();
    TRY(with_task(task, tid, [&](Task& other) -> Result<void> {
        if (!may_schedule(task, other)) return fail(Error::not_permitted);
        if (!cpus) return fail(Error::invalid);
        return other.thread().set_affinity(cpus);
    }));
    return 0;
}

Result<u64> getcpu(Task&, UserOut<u32> cpu, UserOut<u32> node) {
    if (cpu) TRY(cpu.write(arch::cpu_id()));
    if (node) TRY(node.write(0));
    return 0;
}

Result<u64> rseq(Task& task, UserAddress area, u32 size, Flags flags, u32 signature) {
    constexpr u32 unregister = 1;
    if (flags & ~unregister) return fail(Error::invalid);
    TRY(flags & unregister ? unregister_rseq(task, area, size, signature) : register_rseq(task, area, size, signature));
    return 0;
}

}  // namespace spore::linux::calls
