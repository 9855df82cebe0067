// Starting the other processors. A virtual one may be put off by its host for as long as that likes, also between our STARTUP and its first
// instruction: so nothing that it finds then depends on when it comes. What it is to be lies in a slot that it draws by itself.
#include "local.hpp"

#include <bit>
#include <cstring>

#include "../apic/local_apic.hpp"
#include "../instructions.hpp"
#include "../mmu/kernel_map.hpp"
#include "arch/boot.hpp"
#include "arch/mmu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/memory/kernel_stack.hpp"
#include "kernel/task/thread.hpp"

extern "C" {
extern char trampoline_start[], trampoline_end[], trampoline_root[], trampoline_next[], trampoline_count[];
extern spore::u64 kernel_pml4[];
}

namespace spore::arch {

struct ProcessorSlot {
    u64 stack = 0;
    CpuLocal* cpu = nullptr;
};
static_assert(sizeof(ProcessorSlot) == 16);  // trampoline.S
extern "C" constinit ProcessorSlot processor_slots[max_cpus - 1] = {};

namespace {

constexpr u64 trampoline_page = 0x8000;
constexpr u64 ask_again_ns = 200'000'000, give_up_ns = 10'000'000'000;
constexpr u32 no_more_slots = 1 << 30;

constinit u32 processors[max_cpus];
constinit u32 processor_count = 0;
constinit u32 arrived = 0;
constinit bool released = false;

/// A variable of the trampoline's, where the processors see it.
template <typename T>
T* trampoline_variable(const char* symbol) {
    return reinterpret_cast<T*>(static_cast<char*>(direct({trampoline_page})) + (symbol - trampoline_start));
}

void spin_for(u64 nanoseconds) {
    u64 end = monotonic_nanoseconds() + nanoseconds;
    while (monotonic_nanoseconds() < end) relax();
}

/// Fills a slot for each processor that is wanted; how many there are.
u32 prepare_slots(u32 wanted) {
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

/// INIT, then STARTUP twice [intel/vol3 9.4.4.1]; the second is ignored by those that heed the first. All at the same time. How many came.
u32 wake_processors(u32 count) {
    for (u32 i = 0; i < count; ++i) send_init(processors[i]);
    spin_for(10'000);  // 10 ms by the book, for processors of the last century
    u64 give_up = monotonic_nanoseconds() + give_up_ns;
    do {
        for (u32 i = 0; i < count; ++i) send_startup(processors[i], trampoline_page >> 12);
        u64 ask_again = monotonic_nanoseconds() + ask_again_ns;
        while (arrivals() < count && monotonic_nanoseconds() < ask_again) relax();
    } while (arrivals() < count && monotonic_nanoseconds() < give_up);
    // Whoever has not drawn a slot by now stops when it comes; whoever has will be here.
    u32 drawn = __atomic_exchange_n(trampoline_variable<u32>(trampoline_next), no_more_slots, __ATOMIC_ACQ_REL);
    if (drawn < count) core::warn("{} of {} processors do not start", count - drawn, count);
    u32 coming = drawn < count ? drawn : count;
    while (arrivals() < coming) relax();
    return coming;
}

}  // namespace

void found_processor(u64 apic_id) {
    if (apic_id != local().apic_id && processor_count < max_cpus - 1) processors[processor_count++] = static_cast<u32>(apic_id);
}

extern "C" [[noreturn, gnu::used]] void start_processor(CpuLocal* cpu) {
    set_up_cpu(*cpu);
    enable_local_apic();
    cpu->apic_id = local_apic_id();
    cpu->page_table = read_cr3();
    __atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE);
    // Others would ask for nothing from a CPU that is not counted yet, so it must not run anything.
    while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE)) pause();
    write_cr3(read_cr3());  // low memory is no longer mapped
    task::run_idle_loop();
}

u32 start_cpus(u32 wanted) {
    u32 missing = wanted < processor_count + 1 ? wanted - 1 : processor_count;
    if (!missing) return 1;
    std::memcpy(direct({trampoline_page}), trampoline_start, static_cast<std::size_t>(trampoline_end - trampoline_start));
    *trampoline_variable<u64>(trampoline_root) = physical(kernel_pml4).value;
    *trampoline_variable<u32>(trampoline_count) = prepare_slots(missing);
    map_low_memory(true);
    u32 running = wake_processors(*trampoline_variable<u32>(trampoline_count));
    map_low_memory(false);
    count_cpus(running + 1);
    __atomic_store_n(&released, true, __ATOMIC_RELEASE);
    while (static_cast<u32>(std::popcount(task::online_cpus())) < cpu_count()) relax();
    return cpu_count();
}

}  // namespace spore::arch
