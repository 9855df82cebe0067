#include "kernel/linux/process/rseq.hpp"

#include "arch/cpu.hpp"
#include "arch/registers.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/user.hpp"

namespace spore::linux {

namespace {

/// struct rseq
struct Area {
    u32 cpu_at_start;   ///< always a valid number
    u32 cpu;            ///< or one of `uninitialized`, `failed`
    u64 section;        ///< the critical section that the program is about to enter, or 0
    u32 flags;
    u32 node, memory_map_cpu;
    u32 end;
};
static_assert(sizeof(Area) == 32);
constexpr u32 uninitialized = ~u32{0};

/// struct rseq_cs
struct Section {
    u32 version, flags;
    u64 start, size, abort;
};
static_assert(sizeof(Section) == 32);

Result<void> settle_section(Task& task, arch::TrapFrame& frame) {
    UserInOut<u64> pointer{task.rseq_area + offsetof(Area, section)};
    u64 at = TRY(pointer.read());
    if (!at) return {};
    if (!is_program_range({at}, sizeof(Section))) return fail(Error::bad_address);
    auto section = TRY(UserIn<Section>{{at}}.read());
    bool sound = section.version == 0 && section.start <= arch::program_end && section.size <= arch::program_end - section.start &&
                 section.abort < arch::program_end && section.abort - section.start >= section.size;
    if (!sound) return fail(Error::bad_address);
    // What a program could be sent to must have been meant as an abort handler: its signature stands before it.
    if (TRY(UserIn<u32>{{section.abort - sizeof(u32)}}.read()) != task.rseq_signature) return fail(Error::bad_address);
    // Whether it was left behind or is begun anew, it is not the current one any more.
    TRY(pointer.write(0));
    if (arch::instruction_pointer(frame).value - section.start < section.size) arch::set_instruction_pointer(frame, {section.abort});
    return {};
}

Result<void> settle(Task& task, arch::TrapFrame& frame) {
    TRY(settle_section(task, frame));
    u32 cpu = arch::cpu_id();
    if (cpu == task.rseq_cpu) return {};
    const u32 numbers[] = {cpu, cpu};
    TRY(UserOut<u32>{task.rseq_area}.write_all(numbers));
    const u32 node_and_map[] = {0, cpu};
    TRY(UserOut<u32>{task.rseq_area + offsetof(Area, node)}.write_all(node_and_map));
    task.rseq_cpu = cpu;
    return {};
}

}  // namespace

void settle_rseq(Task& task, arch::TrapFrame& frame) {
    if (!task.rseq_area.value) return;
    if (settle(task, frame)) return;
    task.rseq_area = {};
    task.set_notices_switches(false);
    raise_fault(task, SignalInfo::from_kernel(sigsegv));
}

Result<void> register_rseq(Task& task, VirtAddr area, u32 size, u32 signature) {
    if (task.rseq_area.value) {
        if (task.rseq_area.value != area.value || task.rseq_size != size) return fail(Error::invalid);
        return fail(task.rseq_signature == signature ? Error::busy : Error::not_permitted);
    }
    if (!is_aligned(area.value, sizeof(Area)) || size < sizeof(Area)) return fail(Error::invalid);
    if (!is_program_range(area, size)) return fail(Error::bad_address);
    u64 none = 0;
    TRY(UserOut<u64>{area + offsetof(Area, section)}.write(none));
    task.rseq_area = area, task.rseq_size = size, task.rseq_signature = signature;
    task.rseq_cpu = uninitialized;
    task.set_notices_switches(true);
    task.notice_switch();  // the numbers are written on the way out
    return {};
}

Result<void> unregister_rseq(Task& task, VirtAddr area, u32 size, u32 signature) {
    if (!task.rseq_area.value || task.rseq_area.value != area.value || task.rseq_size != size) return fail(Error::invalid);
    if (task.rseq_signature != signature) return fail(Error::not_permitted);
    const u32 numbers[] = {0, uninitialized};
    TRY(UserOut<u32>{area}.write_all(numbers));
    task.rseq_area = {};
    task.set_notices_switches(false);
    return {};
}

}  // namespace spore::linux
