// Starting the other processors, by PSCI. They come up with translation off and read what is theirs only once it is on, when they see what
// this CPU's caches hold.
#include "local.hpp"

#include <bit>

#include "../clock/timer.hpp"
#include "../gic/gic.hpp"
#include "../mmu/active_table.hpp"
#include "../platform/psci.hpp"
#include "arch/boot.hpp"
#include "arch/mmu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/memory/kernel_stack.hpp"
#include "kernel/task/thread.hpp"

extern "C" {
void processor_entry();
}

namespace spore::arch {
namespace {

constexpr u64 give_up_ns = 10'000'000'000;

constinit u64 processors[max_cpus];
constinit u32 processor_count = 0;
constinit u32 arrived = 0;
constinit bool released = false;

u32 arrivals() { return __atomic_load_n(&arrived, __ATOMIC_ACQUIRE); }

/// Starts one and waits for it, so that numbers are given without gaps. False when it does not come.
bool start_processor(u64 affinity, u32 id) {
    auto cpu = create_local(id);
    auto stack = memory::allocate_kernel_stack();
    if (!cpu || !stack) {
        core::warn("out of memory: starting {} processors only", id);
        return false;
    }
    (*cpu)->stack = *stack;
    prepare_cpu(**cpu);
    u32 before = arrivals();
    bool accepted = start_processor_at(affinity, physical(reinterpret_cast<void*>(processor_entry)), reinterpret_cast<u64>(*cpu));
    u64 give_up = monotonic_nanoseconds() + give_up_ns;
    while (accepted && arrivals() == before && monotonic_nanoseconds() < give_up) relax();
    if (arrivals() != before) return true;
    core::warn("processor {:x} does not start", affinity);
    return false;
}

}  // namespace

void found_processor(u64 affinity) {
    if (affinity != local().affinity && processor_count < max_cpus - 1) processors[processor_count++] = affinity;
}

/// Called by boot/entry.S.
extern "C" [[noreturn, gnu::used]] void start_processor(CpuLocal* cpu) {
    set_up_cpu(*cpu);
    enter_no_table();
    asm volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");  // what was mapped at its own address
    if (!enable_cpu_interrupts(*cpu, timer_interrupt())) stop_here();
    __atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE);
    // Others would ask for nothing from a CPU that is not counted yet, so it must not run anything.
    while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE)) pause();
    task::run_idle_loop();
}

u32 start_cpus(u32 wanted) {
    u32 running = 1;
    for (u32 i = 0; i < processor_count && running < wanted; ++i)
        if (start_processor(processors[i], running)) ++running;
    if (running == 1) return 1;
    count_cpus(running);
    __atomic_store_n(&released, true, __ATOMIC_RELEASE);
    while (static_cast<u32>(std::popcount(task::online_cpus())) < cpu_count()) relax();
    return cpu_count();
}

}  // namespace spore::arch
