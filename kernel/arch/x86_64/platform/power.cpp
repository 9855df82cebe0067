#include "power.hpp"

#include "../instructions.hpp"
#include "../xen/xen.hpp"
#include "arch/boot.hpp"
#include "arch/cpu.hpp"
#include "arch/mmu.hpp"
#include "kernel/core/parts.hpp"

namespace spore::arch {
namespace {

using namespace wire::acpi;

constinit PowerRegisters registers{};
constinit u8 soft_off = 0;
constinit volatile u8* sleep_control = nullptr;
constinit volatile u8* reset_register = nullptr;

constexpr u16 sleep_enable = 1 << 13;        // PM1 control [acpi 4.8.3.2.1]
constexpr u8 reduced_sleep_enable = 1 << 5;  // sleep control register [acpi 4.8.3.7]
constexpr u16 keyboard_command = 0x64;

volatile u8* mapped(GenericAddress address) {
    if (address.space != GenericAddress::Space::memory || !address.address) return nullptr;
    auto at = map_device({address.address}, 1);
    return at ? static_cast<volatile u8*>(*at) : nullptr;
}

[[noreturn]] void stop_for_good() {
    while (true) asm volatile("cli; hlt");
}

/// Below Xen, whose machines of this kind have no registers for it.
void end_domain(wire::xen::Shutdown reason) {
    if constexpr (core::has(core::Part::xen))
        if (xen::present()) xen::shut_down(reason);
}

/// A hypervisor takes its time, and would take what comes meanwhile for the end that is wanted.
void wait_for_the_end() {
    constexpr u64 patience_ns = 1'000'000'000;
    for (u64 start = monotonic_nanoseconds(); monotonic_nanoseconds() - start < patience_ns;) pause();
}

/// No interrupt table and a trap: the processor gives up, and the machine restarts.
[[noreturn]] void triple_fault() {
    struct [[gnu::packed]] {
        u16 limit = 0;
        u64 base = 0;
    } none;
    asm volatile("lidt %0; int3" : : "m"(none));
    stop_for_good();
}

}  // namespace

void learn_power(PhysicalReader& reader, Table fadt) {
    auto read = read_fadt(fadt);
    if (!read) return;
    registers = *read;
    sleep_control = mapped(registers.sleep_control);
    reset_register = mapped(registers.reset);
    if (auto dsdt = table_at(reader, registers.dsdt)) soft_off = find_soft_off(*dsdt).value_or(0);
}

void power_off() {
    end_domain(wire::xen::Shutdown::power_off);
    bool can = sleep_control || registers.control_a;
    if (sleep_control) *sleep_control = static_cast<u8>(soft_off << 2 | reduced_sleep_enable);
    if (registers.control_a) out16(registers.control_a, static_cast<u16>(soft_off << 10 | sleep_enable));
    if (registers.control_b) out16(registers.control_b, static_cast<u16>(soft_off << 10 | sleep_enable));
    if (can) wait_for_the_end();
    restart();  // a virtual machine that is told not to restart ends
}

void restart() {
    end_domain(wire::xen::Shutdown::reboot);
    if (reset_register) *reset_register = registers.reset_value;
    if (registers.reset.space == GenericAddress::Space::io) out8(static_cast<u16>(registers.reset.address), registers.reset_value);
    for (int wait = 0; wait < 10'000 && (in8(keyboard_command) & 2); ++wait) pause();
    out8(keyboard_command, 0xfe);  // pulse the reset line
    triple_fault();
}

}  // namespace spore::arch
