#include "smp.hpp"

#include <cstring>

#include "../apic/local_apic.hpp"
#include "../instructions.hpp"
#include "../mmu/kernel_map.hpp"
#include "arch/boot.hpp"
#include "kernel/core/log.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/memory/kernel_stack.hpp"
#include "kernel/task/thread.hpp"

extern "C" {
extern char trampoline_start[], trampoline_end[], trampoline_stack[], trampoline_cpu[], trampoline_root[];
extern char per_cpu_start[], per_cpu_end[];
extern spore::u64 kernel_pml4[];
}

namespace spore::arch {
namespace {

constexpr u64 trampoline_page = 0x8000;
constexpr u64 start_timeout_ns = 200'000'000;

constinit u32 processors[max_cpus];
constinit u32 processor_count = 0;
constinit bool arrived = false;

void set_variable(const char* symbol, u64 value) {
    auto* at = static_cast<char*>(direct({trampoline_page})) + (symbol - trampoline_start);
    std::memcpy(at, &value, sizeof value);
}

void spin_for(u64 nanoseconds) {
    u64 end = monotonic_nanoseconds() + nanoseconds;
    while (monotonic_nanoseconds() < end) relax();
}

/// CpuLocal and the per-CPU variables of a further CPU, in one block.
Result<CpuLocal*> create_local(u32 id, u32 apic_id) {
    u64 variables = static_cast<u64>(per_cpu_end - per_cpu_start);
    u64 size = align_up(sizeof(CpuLocal), 64) + variables;
    unsigned order = 0;
    while ((page_size << order) < size) ++order;
    auto* frame = TRY(memory::allocate_zeroed_frames(order));
    auto* block = static_cast<char*>(direct(memory::address_of(*frame)));
    auto* cpu = reinterpret_cast<CpuLocal*>(block);
    auto* copies = block + align_up(sizeof(CpuLocal), 64);
    std::memcpy(copies, per_cpu_start, variables);
    cpu->id = id;
    cpu->apic_id = apic_id;
    cpu->per_cpu_offset = reinterpret_cast<u64>(copies) - reinterpret_cast<u64>(per_cpu_start);
    return cpu;
}

/// INIT, then STARTUP twice [intel/vol3 9.4.4.1].
bool wake_processor(u32 apic_id) {
    __atomic_store_n(&arrived, false, __ATOMIC_RELAXED);
    send_init(apic_id);
    spin_for(10'000);  // 10 ms by the book, for processors of the last century
    for (int attempt = 0; attempt < 2; ++attempt) {
        send_startup(apic_id, trampoline_page >> 12);
        u64 end = monotonic_nanoseconds() + start_timeout_ns;
        while (monotonic_nanoseconds() < end) {
            if (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE)) return true;
            relax();
        }
    }
    return false;
}

}  // namespace

void found_processor(u32 apic_id) {
    if (apic_id != local().apic_id && processor_count < max_cpus - 1) processors[processor_count++] = apic_id;
}

extern "C" [[noreturn, gnu::used]] void start_processor(CpuLocal* cpu) {
    set_up_cpu(*cpu);
    enable_local_apic();
    cpu->page_table = read_cr3();
    add_cpu(*cpu);
    __atomic_store_n(&arrived, true, __ATOMIC_RELEASE);
    task::run_idle_loop();
}

u32 start_cpus(u32 wanted) {
    u32 missing = wanted < processor_count + 1 ? wanted - 1 : processor_count;
    if (!missing) return 1;
    std::memcpy(direct({trampoline_page}), trampoline_start, static_cast<std::size_t>(trampoline_end - trampoline_start));
    map_low_memory(true);
    set_variable(trampoline_root, physical(kernel_pml4).value);
    for (u32 i = 0; i < missing; ++i) {
        auto cpu = create_local(cpu_count(), processors[i]);
        auto stack = memory::allocate_kernel_stack();
        if (!cpu || !stack) {
            core::warn("out of memory: starting {} processors only", cpu_count());
            break;
        }
        set_variable(trampoline_stack, reinterpret_cast<u64>(*stack));
        set_variable(trampoline_cpu, reinterpret_cast<u64>(*cpu));
        if (!wake_processor(processors[i])) core::warn("processor with APIC id {} does not start", processors[i]);
    }
    map_low_memory(false);
    return cpu_count();
}

}  // namespace spore::arch
