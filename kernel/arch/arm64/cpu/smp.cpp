// Starting the other processors, by PSCI. They come up with translation off and draw a slot only once it is on, when they see what this CPU's
// caches hold.
#include "../../common/cpu/starting.hpp"
#include "../clock/timer.hpp"
#include "../gic/gic.hpp"
#include "../mmu/active_table.hpp"
#include "../platform/psci.hpp"
#include "arch/boot.hpp"
#include "arch/mmu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/task/thread.hpp"
#include "local.hpp"

extern "C" {
void processor_entry();
// boot/entry.S draws.
constinit spore::u32 processor_slot_count = 0, next_processor_slot = 0;
}

namespace spore::arch {
namespace {

constexpr u64 give_up_ns = 10'000'000'000;

/// Firmware is asked for all at the same time. How many it agrees to start.
u32 wake(std::span<const u64> processors) {
    u32 accepted = 0;
    auto entry = physical(reinterpret_cast<void*>(processor_entry));
    for (u64 affinity : processors) {
        if (!knows_processor(affinity)) core::warn("the interrupt controller does not know processor {:x}", affinity);
        else if (!start_processor_at(affinity, entry)) core::warn("firmware does not start processor {:x}", affinity);
        else ++accepted;
    }
    u64 give_up = monotonic_nanoseconds() + give_up_ns;
    while (arrivals() < accepted && monotonic_nanoseconds() < give_up) relax();
    return accepted;
}

}  // namespace

void found_processor(u64 affinity) {
    if (affinity != local().affinity) note_processor(affinity);
}

/// Called by boot/entry.S.
extern "C" [[noreturn, gnu::used]] void start_processor(CpuLocal* cpu) {
    set_up_cpu(*cpu);
    enter_no_table();
    asm volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");  // what was mapped at its own address
    MUST(enable_cpu_interrupts(*cpu, timer_interrupt()), "it was asked before this processor was started");
    arrive();
    task::run_idle_loop();
}

u32 start_cpus(u32 wanted) {
    auto processors = noted_processors();
    if (wanted <= processors.size()) processors = processors.first(wanted - 1);
    if (processors.empty()) return 1;
    processor_slot_count = fill_slots(static_cast<u32>(processors.size()));
    u32 accepted = wake(processors.first(processor_slot_count));
    return release(end_draw(next_processor_slot, accepted));
}

}  // namespace spore::arch
