#include "starting.hpp"

#include <algorithm>
#include <bit>

#include "kernel/core/log.hpp"
#include "kernel/memory/kernel_stack.hpp"
#include "kernel/task/thread.hpp"

namespace spore::arch {

extern "C" constinit ProcessorSlot processor_slots[max_cpus - 1] = {};

namespace {

constexpr u32 no_more_slots = 1 << 30;  // beyond the number of slots, however many still draw

constinit u64 processors[max_cpus - 1];
constinit u32 processor_count = 0;
constinit u32 arrived = 0;
constinit bool released = false;

}  // namespace

void note_processor(u64 processor) {
    if (processor_count < std::size(processors) && !std::ranges::contains(noted_processors(), processor)) processors[processor_count++] = processor;
}

std::span<const u64> noted_processors() { return {processors, processor_count}; }

u32 fill_slots(u32 wanted) {
    for (u32 i = 0; i < wanted; ++i) {
        auto cpu = create_local(i + 1);
        auto stack = memory::allocate_kernel_stack();
        if (!cpu || !stack) {
            core::warn("out of memory: starting {} processors only", i + 1);
            return i;
        }
        processor_slots[i] = {reinterpret_cast<u64>(*stack), *cpu};
        prepare_cpu(**cpu);
    }
    return wanted;
}

u32 arrivals() { return __atomic_load_n(&arrived, __ATOMIC_ACQUIRE); }

u32 end_draw(u32& next, u32 wanted) {
    u32 drawn = __atomic_exchange_n(&next, no_more_slots, __ATOMIC_ACQ_REL);
    if (drawn < wanted) core::warn("{} of {} processors do not start", wanted - drawn, wanted);
    u32 coming = std::min(drawn, wanted);
    while (arrivals() < coming) relax();
    return coming;
}

void arrive() {
    __atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE);
    // Others would ask for nothing from a CPU that is not counted yet, so it must not run anything.
    while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE)) relax();
}

u32 release(u32 came) {
    count_cpus(came + 1);
    __atomic_store_n(&released, true, __ATOMIC_RELEASE);
    while (static_cast<u32>(std::popcount(task::online_cpus())) < cpu_count()) relax();
    return cpu_count();
}

}  // namespace spore::arch
