#include "local.hpp"

#include "../gic/gic.hpp"
#include "../mmu/active_table.hpp"
#include "../mode.hpp"
#include "../trap/interrupts.hpp"
#include "arch/boot.hpp"
#include "features.hpp"
#include "pointer_keys.hpp"

extern "C" constinit bool program_access_guarded;
extern "C" char trap_vectors[];

namespace spore::arch {
namespace {
constinit abi::Mode chosen_mode = abi::Mode::fused;

constexpr u64 affinity_fields = 0xff'00ff'ffff;    // of MPIDR_EL1
constexpr u64 vector_registers_enabled = 3 << 20;  // in CPACR_EL1
}  // namespace

void set_up_cpu(CpuLocal& cpu) {
    SPORE_WRITE_SYSTEM(tpidr_el1, reinterpret_cast<u64>(&cpu));
    SPORE_WRITE_SYSTEM(vbar_el1, reinterpret_cast<u64>(trap_vectors));
    SPORE_WRITE_SYSTEM(cpacr_el1, vector_registers_enabled);
    SPORE_WRITE_SYSTEM(tpidrro_el0, 0);
    SPORE_WRITE_SYSTEM(mdscr_el1, 0);
    SPORE_WRITE_SYSTEM(cntkctl_el1, 2);  // programs may read the virtual counter
    enable_pointer_authentication();
    cpu.affinity = SPORE_READ_SYSTEM(mpidr_el1) & affinity_fields;
}

u32 cpu_id() { return local().id; }
u64 per_cpu_offset() { return local().per_cpu_offset; }

std::atomic<bool>& attention() { return local().attention; }

void relax() {
    pause();
    leave_when_asked();
}

/// WFI wakes for an interrupt that is masked, too: so idle takes its interrupts by a call and not by a trap.
void wait_for_interrupt() {
    asm volatile("dsb sy\n\twfi" ::: "memory");
    handle_interrupts();
}

void kick(u32 cpu) { send_interrupt(cpu_local(cpu), interrupt::kick); }

void stop_other_cpus() {
    for (u32 cpu = 0; cpu < cpu_count(); ++cpu)
        if (cpu != cpu_id()) send_interrupt(cpu_local(cpu), interrupt::stop);
}

abi::Mode mode() { return chosen_mode; }

void choose_mode(abi::Mode mode) {
    chosen_mode = mode;
    program_access_guarded = mode == abi::Mode::guarded && features.pan;
}

}  // namespace spore::arch
