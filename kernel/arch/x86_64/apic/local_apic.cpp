#include "local_apic.hpp"

#include "../clock/clock.hpp"
#include "../../isa/x86_64/cpu/features.hpp"
#include "../instructions.hpp"
#include "../trap/vectors.hpp"
#include "arch/cpu.hpp"
#include "arch/mmu.hpp"
#include "kernel/core/panic.hpp"

namespace spore::arch {
namespace {

/// Register offsets; x2APIC's MSR numbers are these divided by 16.
enum Register : u32 {
    id = 0x20, task_priority = 0x80, eoi = 0xb0, spurious = 0xf0, command_low = 0x300, command_high = 0x310,
    timer_entry = 0x320, line_0_entry = 0x350, error_entry = 0x370, initial_count = 0x380, current_count = 0x390, divide = 0x3e0,
};

constexpr u32 masked = 1 << 16;
constexpr u32 tsc_deadline_mode = 2 << 17;
constexpr u32 divide_by_1 = 0xb;

constinit volatile u32* registers = nullptr;

u32 read(Register r) { return features.x2apic ? static_cast<u32>(read_msr(msr::x2apic + r / 16)) : registers[r / 4]; }
void write(Register r, u32 value) {
    if (features.x2apic) write_msr(msr::x2apic + r / 16, value);
    else registers[r / 4] = value;
}

void send_command(u32 apic_id, u32 command) {
    if (features.x2apic) {
        asm volatile("mfence; lfence" ::: "memory");  // WRMSR to the ICR is not serialising [intel/vol3 11.12.3]
        return write_msr(msr::x2apic + command_low / 16, u64{apic_id} << 32 | command);
    }
    asm volatile("" ::: "memory");  // the CPU keeps the order of what was written for the other one and this, the compiler has to
    registers[command_high / 4] = apic_id << 24;
    registers[command_low / 4] = command;
    while (registers[command_low / 4] & 1 << 12) pause();  // delivery pending
}

}  // namespace

void start_local_apic() {
    if (!features.x2apic) {
        u64 base = read_msr(msr::apic_base) & 0x000f'ffff'ffff'f000;
        registers = static_cast<volatile u32*>(MUST(map_device({base}, page_size), "tables can be had at boot"));
    }
    enable_local_apic();
}

void enable_local_apic() {
    u64 base = read_msr(msr::apic_base) | 1 << 11;
    if (features.x2apic) base |= 1 << 10;
    write_msr(msr::apic_base, base);
    write(spurious, 0x100 | vector::spurious);
    write(task_priority, 0);
    write(line_0_entry, masked);  // at reset the boot CPU's brings what the 8259s want
    write(error_entry, masked);
    write(divide, divide_by_1);
    write(timer_entry, features.tsc_deadline ? tsc_deadline_mode | vector::timer : u32{vector::timer});
    // A store to memory, as far as the CPU is concerned, and the first WRMSR of a deadline does not wait for it by itself [intel/vol3 11.5.4.1].
    if (features.tsc_deadline && !features.x2apic) asm volatile("mfence" ::: "memory");
}

u32 local_apic_id() { return features.x2apic ? read(id) : read(id) >> 24; }
void end_of_interrupt() { write(eoi, 0); }

void send_interrupt(u32 apic_id, u32 vector) { send_command(apic_id, vector); }
void send_init(u32 apic_id) { send_command(apic_id, 0x4500); }
void send_startup(u32 apic_id, u8 page) { send_command(apic_id, 0x4600 | page); }

void start_timer_measurement() {
    if (features.tsc_deadline) return;
    write(timer_entry, masked | vector::timer);
    write(initial_count, 0xffff'ffff);
}
u32 read_timer_count() { return read(current_count); }

void arm_timer(u64 deadline) {
    if (features.tsc_deadline) return write_msr(msr::tsc_deadline, deadline == ~u64{0} ? 0 : cycles_at(deadline));
    if (deadline == ~u64{0}) return write(initial_count, 0);
    write(timer_entry, vector::timer);
    write(initial_count, timer_ticks_until(deadline));
}

}  // namespace spore::arch
