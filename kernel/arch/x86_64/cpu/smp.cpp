// Starting the other processors, by INIT and STARTUP.
#include <cstring>

#include "../../common/cpu/starting.hpp"
#include "../../isa/x86_64/cpu/features.hpp"
#include "../apic/local_apic.hpp"
#include "../instructions.hpp"
#include "../mmu/kernel_map.hpp"
#include "arch/boot.hpp"
#include "arch/mmu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/task/thread.hpp"
#include "local.hpp"

extern "C" {
extern char trampoline_start[], trampoline_end[], trampoline_root[], trampoline_next[], trampoline_count[];
extern spore::u64 kernel_pml4[];
}

namespace spore::arch {
namespace {

constexpr u64 trampoline_page = 0x8000;
constexpr u64 ask_again_ns = 200'000'000, give_up_ns = 10'000'000'000;

/// A variable of the trampoline's, where the processors see it.
template <typename T>
T* trampoline_variable(const char* symbol) {
    return reinterpret_cast<T*>(static_cast<char*>(direct({trampoline_page})) + (symbol - trampoline_start));
}

void spin_for(u64 nanoseconds) {
    u64 end = monotonic_nanoseconds() + nanoseconds;
    while (monotonic_nanoseconds() < end) relax();
}

/// INIT, then STARTUP twice [intel/vol3 9.4.4.1]; the second is ignored by those that heed the first. All at the same time.
void wake(std::span<const u64> processors) {
    for (u64 id : processors) send_init(static_cast<u32>(id));
    spin_for(10'000);  // 10 ms by the book, for processors of the last century
    u64 give_up = monotonic_nanoseconds() + give_up_ns;
    do {
        for (u64 id : processors) send_startup(static_cast<u32>(id), trampoline_page >> 12);
        u64 ask_again = monotonic_nanoseconds() + ask_again_ns;
        while (arrivals() < processors.size() && monotonic_nanoseconds() < ask_again) relax();
    } while (arrivals() < processors.size() && monotonic_nanoseconds() < give_up);
}

}  // namespace

void found_processor(u64 apic_id) {
    if (apic_id == local().apic_id) return;
    // The highest number means all processors [intel/vol3 11.6.1, 11.12.9].
    if (apic_id >= (features.x2apic ? 0xffff'ffff : 0xff)) return core::warn("the processor with APIC id {} cannot be reached", apic_id);
    note_processor(apic_id);
}

extern "C" [[noreturn, gnu::used]] void start_processor(CpuLocal* cpu) {
    set_up_cpu(*cpu);
    enable_local_apic();
    cpu->apic_id = local_apic_id();
    cpu->page_table = read_cr3();
    arrive();
    write_cr3(read_cr3());  // low memory is no longer mapped
    task::run_idle_loop();
}

u32 start_cpus(u32 wanted) {
    auto processors = noted_processors();
    if (wanted <= processors.size()) processors = processors.first(wanted - 1);
    if (processors.empty()) return 1;
    std::memcpy(direct({trampoline_page}), trampoline_start, static_cast<std::size_t>(trampoline_end - trampoline_start));
    u32 count = fill_slots(static_cast<u32>(processors.size()));
    *trampoline_variable<u64>(trampoline_root) = physical(kernel_pml4).value;
    *trampoline_variable<u32>(trampoline_count) = count;
    map_low_memory(true);
    wake(processors.first(count));
    u32 came = end_draw(*trampoline_variable<u32>(trampoline_next), count);
    map_low_memory(false);
    return release(came);
}

}  // namespace spore::arch
