#include "reference.hpp"

#include "../instructions.hpp"

namespace spore::arch {
namespace {

constexpr u16 pit_channel0 = 0x40, pit_command = 0x43;

u64 read_pit() {
    out8(pit_command, 0x00);  // latch channel 0
    u32 low = in8(pit_channel0);
    u32 count = low | u32{in8(pit_channel0)} << 8;
    return -count & 0xffff;   // it counts down
}

constinit u16 timer_port = 0;
u64 read_power_management_timer() { return in32(timer_port); }

}  // namespace

Reference start_pit() {
    out8(pit_command, 0x34);  // channel 0, both bytes, rate generator
    out8(pit_channel0, 0);
    out8(pit_channel0, 0);
    return {"PIT", read_pit, 1'193'182, 0xffff};
}

Reference power_management_timer(u16 port, bool wide) {
    timer_port = port;
    return {"ACPI PM timer", read_power_management_timer, 3'579'545, wide ? 0xffff'ffff : 0xff'ffff};
}

}  // namespace spore::arch
