#include "reference.hpp"

#include "../instructions.hpp"
#include "arch/mmu.hpp"

namespace spore::arch {
namespace {

/// The high precision event timer [intel IA-PC HPET 1.0a, 2.3].
namespace hpet {
constexpr u32 period = 0x04 / 4, configuration = 0x10 / 4, counter = 0xf0 / 4;
constexpr u32 enable = 1;
constexpr u64 femtoseconds = 1'000'000'000'000'000;
constinit volatile u32* registers = nullptr;
constinit u32 known_period = 0;
u64 read() { return registers[counter]; }  // the lower half, which each has
}  // namespace hpet

/// The 8254's channel 0, counting down from 65536 [intel 8254].
namespace pit {
constexpr u16 channel0 = 0x40, command = 0x43;
u64 read() {
    out8(command, 0x00);  // latch channel 0
    u32 low = in8(channel0);
    u32 count = low | u32{in8(channel0)} << 8;
    return -count & 0xffff;
}
}  // namespace pit

/// ACPI's power management timer [acpi 4.8.2.1].
namespace acpi {
constinit u16 port = 0;
constinit bool wide = false;
u64 read() { return in32(port); }
}  // namespace acpi

}  // namespace

void found_hpet(PhysAddr address) {
    auto mapped = map_device(address, page_size);
    if (!mapped) return;
    auto* registers = static_cast<volatile u32*>(*mapped);
    u32 period = registers[hpet::period];  // all ones where nothing answers
    if (!is_hpet_period(period)) return;
    registers[hpet::configuration] = registers[hpet::configuration] | hpet::enable;
    hpet::registers = registers;
    hpet::known_period = period;
}

void found_power_management_timer(u16 port, bool wide) {
    acpi::port = port;
    acpi::wide = wide;
}

Reference start_reference() {
    if (hpet::registers) return {"HPET", hpet::read, {hpet::femtoseconds / hpet::known_period, 0xffff'ffff}};
    if (acpi::port) return {"ACPI timer", acpi::read, {3'579'545, acpi::wide ? 0xffff'ffff : 0xff'ffff}};
    out8(pit::command, 0x34);  // channel 0, both bytes, rate generator
    out8(pit::channel0, 0);
    out8(pit::channel0, 0);
    return {"PIT", pit::read, {1'193'182, 0xffff}};
}

}  // namespace spore::arch
