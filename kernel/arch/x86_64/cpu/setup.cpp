// Brings one CPU into the state that the kernel runs in.
#include "../../isa/x86_64/cpu/features.hpp"
#include "local.hpp"

#include "../../common/clock/clock.hpp"
#include "../instructions.hpp"
#include "../mode.hpp"
#include "../trap/vectors.hpp"

extern "C" void system_call_entry_fused();
extern "C" void system_call_entry_guarded();
extern "C" char trap_stubs[];

namespace spore::arch {
namespace {

/// [intel/vol3 6.14.1]
struct Gate {
    u16 offset_low, selector;
    u8 stack, type;
    u16 offset_middle;
    u32 offset_high, reserved;
};
static_assert(sizeof(Gate) == 16);
constinit Gate gates[256] = {};

struct [[gnu::packed]] TablePointer {
    u16 limit;
    u64 base;
};

void fill_gates() {
    for (u32 vector = 0; vector < 256; ++vector) {
        u64 stub = reinterpret_cast<u64>(trap_stubs) + vector * 16;
        bool emergency = vector == vector::nmi || vector == vector::double_fault || vector == vector::machine_check;
        // Programs may raise breakpoint and overflow themselves (INT3, INTO): privilege level 3.
        bool program_may = vector == vector::breakpoint || vector == vector::overflow;
        gates[vector] = {
            .offset_low = static_cast<u16>(stub),
            .selector = selector::kernel_code,
            .stack = static_cast<u8>(emergency ? 2 : 1),
            .type = static_cast<u8>(program_may ? 0xee : 0x8e),
            .offset_middle = static_cast<u16>(stub >> 16),
            .offset_high = static_cast<u32>(stub >> 32),
            .reserved = 0,
        };
    }
}

void load_tables(CpuLocal& cpu) {
    auto base = reinterpret_cast<u64>(&cpu.task_state);
    cpu.gdt[1] = 0x00209b0000000000;  // kernel code
    cpu.gdt[2] = 0x0000930000000000;  // kernel data
    cpu.gdt[3] = 0;                   // program 32-bit code: SYSRET's base, not offered
    cpu.gdt[4] = 0x0000f30000000000;  // program data
    cpu.gdt[5] = 0x0020fb0000000000;  // program code
    cpu.gdt[6] = (sizeof(TaskState) - 1) | (base & 0xffffff) << 16 | u64{0x89} << 40 | (base >> 24 & 0xff) << 56;
    cpu.gdt[7] = base >> 32;
    cpu.task_state.ist[0] = reinterpret_cast<u64>(cpu.trap_entry_stack + sizeof cpu.trap_entry_stack);
    cpu.task_state.ist[1] = reinterpret_cast<u64>(cpu.emergency_stack + sizeof cpu.emergency_stack);
    cpu.task_state.io_map = sizeof(TaskState);
    TablePointer gdt{sizeof cpu.gdt - 1, reinterpret_cast<u64>(cpu.gdt)};
    TablePointer idt{sizeof gates - 1, reinterpret_cast<u64>(gates)};
    asm volatile(
        "lgdt %0\n\t"
        "pushq %2\n\t"
        "leaq 1f(%%rip), %%rax\n\t"
        "pushq %%rax\n\t"
        "lretq\n"
        "1:\tmovw %w3, %%ss\n\t"
        "lidt %1\n\t"
        "ltr %w4"
        :
        : "m"(gdt), "m"(idt), "i"(u64{selector::kernel_code}), "r"(selector::kernel_data), "r"(selector::task_state)
        : "rax", "memory");
}

u64 read_extended_control() {
    u32 low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return u64{high} << 32 | low;
}

/// For a hypervisor that was not told of XSETBV, and takes it back when it runs next, as after CPUID: registers would silently not be saved. KVM is one, on the
/// processor with SVM that QEMU 7.2 emulates. Programs see OSXSAVE off, and leave AVX alone.
void do_without_xsave(u64 cr4) {
    features.xsave = features.xsaveopt = false;
    features.extended_size = 512;
    write_cr4(cr4 & ~(u64{1} << 18));
}

void set_control_registers() {
    u64 cr0 = read_cr0();
    cr0 = (cr0 | 0x10022) & ~u64{0xc};  // WP, NE, MP; no EM, TS: vector state is switched by us
    write_cr0(cr0);
    u64 cr4 = read_cr4() | 0x6e0;       // PGE, MCE, PAE, OSFXSR, OSXMMEXCPT: every CPU with 64 bits has them
    if (features.fsgsbase) cr4 |= 1 << 16;
    if (features.xsave) cr4 |= 1 << 18;
    write_cr4(cr4);
    if (features.xsave) {
        asm volatile("xsetbv" : : "c"(0), "a"(static_cast<u32>(features.extended_mask)), "d"(0));
        features.extended_size = cpuid(0xd, 0).ebx;
        if (read_extended_control() != features.extended_mask) do_without_xsave(cr4);
    }
}

/// As it is when a CPU starts, but for what the page tables' bit for write-through alone stands for: combined writes, for map_combined() [intel/vol3 12.12.4].
void set_page_attributes() {
    constexpr u32 page_attributes = 0x277;
    write_msr(page_attributes, 0x0007'0406'0007'0106);
}

}  // namespace

void set_up_cpu(CpuLocal& cpu) {
    if (cpu.id == 0) fill_gates();
    cpu.self = &cpu;
    load_tables(cpu);
    write_msr(msr::gs_base, reinterpret_cast<u64>(&cpu));
    write_msr(msr::kernel_gs_base, 0);
    write_msr(msr::efer, read_msr(msr::efer) | 1);  // SCE
    set_control_registers();
    set_page_attributes();
    if (features.rdtscp) write_msr(msr::tsc_aux, cpu.id);  // for the vDSO's getcpu
    clock_page.has_cpu_number = features.rdtscp;
    set_system_call_entry();
    set_protection_bits();
}

void set_protection_bits() {
    if (mode() != abi::Mode::guarded) return;
    u64 cr4 = read_cr4();
    if (features.umip) cr4 |= 1 << 11;
    if (features.smep) cr4 |= 1 << 20;
    if (features.smap) cr4 |= 1 << 21;
    write_cr4(cr4);
}

void set_system_call_entry() {
    bool guarded = mode() == abi::Mode::guarded;
    write_msr(msr::star, u64{selector::program_base | 3} << 48 | u64{selector::kernel_code} << 32);
    write_msr(msr::lstar, reinterpret_cast<u64>(guarded ? system_call_entry_guarded : system_call_entry_fused));
    write_msr(msr::fmask, 0x47700);  // IF, TF, DF, NT, AC, IOPL
}

}  // namespace spore::arch
