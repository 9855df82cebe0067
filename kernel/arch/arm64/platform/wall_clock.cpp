// The PL031 [arm/DDI0224]: seconds since 1970 in one register. Without one, what firmware said once and the counter's way since.
#include "wall_clock.hpp"

#include "../../common/clock/scale.hpp"
#include "../instructions.hpp"
#include "arch/boot.hpp"
#include "arch/cpu.hpp"
#include "arch/device_register.hpp"

namespace spore::arch {
namespace {
constinit const DeviceRegister<u32>* registers = nullptr;
constinit i64 known_seconds = 0;
constinit u64 known_at = 0;
constexpr u64 second = 1'000'000'000;
}  // namespace

void use_wall_clock(void* mapped_registers) { registers = static_cast<const DeviceRegister<u32>*>(mapped_registers); }

void use_firmware_time(i64 seconds, u64 counter) {
    known_seconds = seconds;
    known_at = counter;
}

i64 read_wall_clock() {
    if (registers) return i64{registers[0]} * i64{second};
    if (!known_seconds) return 0;
    return known_seconds * i64{second} + static_cast<i64>(multiply_divide(cycles() - known_at, second, SPORE_READ_SYSTEM(cntfrq_el0)));
}

}  // namespace spore::arch
