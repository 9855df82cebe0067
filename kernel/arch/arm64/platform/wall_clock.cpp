// The PL031 [arm/DDI0224]: seconds since 1970 in one register.
#include "wall_clock.hpp"

#include "arch/boot.hpp"

namespace spore::arch {
namespace {
constinit const volatile u32* registers = nullptr;
}

void use_wall_clock(void* mapped_registers) { registers = static_cast<const volatile u32*>(mapped_registers); }

i64 read_wall_clock() { return registers ? i64{registers[0]} * 1'000'000'000 : 0; }

}  // namespace spore::arch
