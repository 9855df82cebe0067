#include "psci.hpp"

#include "../instructions.hpp"
#include "arch/boot.hpp"

namespace spore::arch {
namespace {

enum Function : u32 { system_off = 0x8400'0008, system_reset = 0x8400'0009, cpu_on = 0xc400'0003 };
constinit Conduit way = Conduit::none;

/// [arm/DEN0028: SMC calling convention]
i64 call(Function function, u64 first = 0, u64 second = 0, u64 third = 0) {
    register u64 x0 asm("x0") = function;
    register u64 x1 asm("x1") = first;
    register u64 x2 asm("x2") = second;
    register u64 x3 asm("x3") = third;
    if (way == Conduit::hypervisor) asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
    else if (way == Conduit::secure_monitor) asm volatile(".inst 0xd4000003" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");  // smc #0
    else return -1;
    return static_cast<i64>(x0);
}

}  // namespace

void use_psci(Conduit conduit) { way = conduit; }

bool start_processor_at(u64 affinity, PhysAddr entry, u64 argument) { return call(cpu_on, affinity, entry.value, argument) == 0; }

void power_off() {
    call(system_off);
    stop_here();
}

void restart() {
    call(system_reset);
    stop_here();
}

}  // namespace spore::arch
