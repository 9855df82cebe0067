#include "cpus.hpp"

#include <cstring>

#include "arch/cpu.hpp"
#include "arch/mmu.hpp"
#include "kernel/memory/frame.hpp"
#include "machine_cpu.hpp"

extern "C" char per_cpu_start[], per_cpu_end[];

namespace spore::arch {
namespace {
constinit CpuLocal boot_cpu{};
constinit CpuLocal* cpus[max_cpus] = {&boot_cpu};
constinit u32 running = 1;
}  // namespace

CpuLocal& cpu_local(u32 cpu) { return *cpus[cpu]; }
void prepare_cpu(CpuLocal& cpu) { cpus[cpu.id] = &cpu; }
void count_cpus(u32 count) { __atomic_store_n(&running, count, __ATOMIC_RELEASE); }

Result<CpuLocal*> create_local(u32 id) {
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
    cpu->per_cpu_offset = reinterpret_cast<u64>(copies) - reinterpret_cast<u64>(per_cpu_start);
    return cpu;
}

u32 cpu_count() { return __atomic_load_n(&running, __ATOMIC_ACQUIRE); }
u64 per_cpu_offset(u32 cpu) { return cpus[cpu]->per_cpu_offset; }
std::atomic<bool>& attention(u32 cpu) { return cpus[cpu]->attention; }

}  // namespace spore::arch
