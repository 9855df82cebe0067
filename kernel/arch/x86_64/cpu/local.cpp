#include "local.hpp"

#include "../apic/local_apic.hpp"
#include "../instructions.hpp"
#include "../../isa/x86_64/mmu/flush.hpp"
#include "../mode.hpp"
#include "../trap/vectors.hpp"
#include "arch/boot.hpp"
#include "../../isa/x86_64/cpu/features.hpp"
#include "vulnerabilities.hpp"

extern "C" constinit bool program_access_guarded;

namespace spore::arch {
namespace {
constinit abi::Mode chosen_mode = abi::Mode::fused;
}  // namespace

u32 cpu_id() { return local().id; }
u64 per_cpu_offset() {
    u64 offset;
    asm volatile("movq %%gs:%c1, %0" : "=r"(offset) : "i"(__builtin_offsetof(CpuLocal, per_cpu_offset)));
    return offset;
}

std::atomic<bool>& attention() { return local().attention; }

void relax() {
    pause();
    serve_flushes();
}

u64 cycles() { return read_tsc(); }

void wait_for_interrupt() { asm volatile("sti; hlt; cli" ::: "memory"); }

void kick(u32 cpu) { send_interrupt(cpu_local(cpu).apic_id, vector::kick); }

void stop_other_cpus() {
    for (u32 cpu = 0; cpu < cpu_count(); ++cpu)
        if (cpu != cpu_id()) send_interrupt(cpu_local(cpu).apic_id, vector::stop);
}

abi::Mode mode() { return chosen_mode; }

void choose_mode(abi::Mode mode) {
    chosen_mode = mode;
    program_access_guarded = mode == abi::Mode::guarded && features.smap;
    set_system_call_entry();
    set_protection_bits();
    if (mode == abi::Mode::guarded) warn_of_leaks();
}

}  // namespace spore::arch
