// Faults of program code, and page faults that the kernel takes on the program's behalf.
#include "kernel/linux/fault.hpp"

#include "arch/cpu.hpp"
#include "arch/entry.hpp"
#include "arch/registers.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/per_cpu.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/linux/process/task.hpp"
#include "kernel/linux/signal/frame.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/sync/count.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux {
namespace {

PER_CPU(std::atomic<u64>, faults_served);

u64 trace_bits(arch::Access access) {
    using enum abi::TraceAccess;
    return access.read * u64{u8(read)} + access.write * u64{u8(write)} + access.execute * u64{u8(execute)};
}

memory::FaultOutcome serve(Task& task, VirtAddr at, arch::Access access) {
    sync::count(task.minor_faults);
    sync::count(*faults_served);
    core::trace(core::TracePoint::fault, at.value, trace_bits(access));
    auto outcome = task.memory().handle_fault(at, access);
    if (outcome != memory::FaultOutcome::no_memory) [[likely]] return outcome;
    // Thousands of threads can have ended a moment ago, and their stacks come back one by one: a program is not ended before that had its time.
    constexpr auto patience = Duration::ms(200);
    auto deadline = time::now() + patience;
    while (outcome == memory::FaultOutcome::no_memory && time::now() < deadline) {
        task::prepare_to_block();  // asleep, since whoever frees them may wait for this CPU to forget their mappings
        (void)task::block(sync::Interruptible::no, time::now() + Duration::ms(1));
        outcome = task.memory().handle_fault(at, access);
    }
    return outcome;
}

/// There is nothing to give: the program ends, and somebody with less to lose may go on.
void end_for_lack_of_memory(Task& task) {
    core::error("out of memory: {} (process {}) is ended; give the machine more with -m", std::string_view(task.name), task.process_id());
    kill_process(task.process());
}

void page_fault(Task& task, const entry::Fault& fault) {
    VirtAddr at = fault.address;
    using enum memory::FaultOutcome;
    auto outcome = serve(task, at, fault.access);
    if (outcome == served) return;
    task.fault_address = at;
    task.fault_code = fault.machine_code;
    switch (outcome) {
    case served: return;
    case no_area: return raise_fault(task, SignalInfo::fault(sigsegv, segv_maperr, at));
    case access_denied: return raise_fault(task, SignalInfo::fault(sigsegv, segv_accerr, at));
    case beyond_object: return raise_fault(task, SignalInfo::fault(sigbus, bus_adrerr, at));
    case no_memory: return end_for_lack_of_memory(task);
    }
}

}  // namespace

u64 page_faults() {
    u64 sum = 0;
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) sum += faults_served.of(cpu).load(std::memory_order_relaxed);
    return sum;
}

}  // namespace spore::linux

namespace spore::entry {

void program_fault(arch::TrapFrame& frame, const Fault& fault) {
    auto& task = linux::current_task();
    if (fault.kind == FaultKind::page) return linux::page_fault(task, fault);
    task.fault_code = fault.machine_code;
    linux::raise_fault(task, linux::describe_fault(fault, arch::instruction_pointer(frame)));
}

bool kernel_touch(VirtAddr address, arch::Access access) {
    auto* owner = task::current().owner();
    if (!owner) return false;
    auto& task = static_cast<linux::Task&>(*owner);
    auto outcome = linux::serve(task, address, access);
    // The call fails with EFAULT, which the program does not live to see.
    if (outcome == memory::FaultOutcome::no_memory) linux::end_for_lack_of_memory(task);
    return outcome == memory::FaultOutcome::served;
}

}  // namespace spore::entry
