#include "psci.hpp"

#include "../instructions.hpp"
#include "arch/boot.hpp"

namespace spore::arch {
namespace {

enum Function : u32 { system_off = 0x8400'0008, system_reset = 0x8400'0009, cpu_on = 0xc400'0003 };
constinit Conduit way = Conduit::none;

/// [arm/DEN0028: SMC calling convention]. Before its version 1.1 the registers up to X17 were the callee's to change. Results have 32 bits [arm/DEN0022 5.2.2].
i32 call(Function function, u64 first = 0, u64 second = 0, u64 third = 0) {
    register u64 x0 asm("x0") = function;
    register u64 x1 asm("x1") = first;
    register u64 x2 asm("x2") = second;
    register u64 x3 asm("x3") = third;
#define SPORE_CALL_FIRMWARE(instruction)                                                                                                          \
    asm volatile(instruction : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", \
                 "x15", "x16", "x17", "memory")
    if (way == Conduit::hypervisor) SPORE_CALL_FIRMWARE("hvc #0");
    else if (way == Conduit::secure_monitor) SPORE_CALL_FIRMWARE(".inst 0xd4000003");  // smc #0
    else return -1;
#undef SPORE_CALL_FIRMWARE
    return static_cast<i32>(x0);
}

}  // namespace

void use_psci(Conduit conduit) { way = conduit; }

bool start_processor_at(u64 affinity, PhysAddr entry) { return call(cpu_on, affinity, entry.value) == 0; }

void power_off() {
    call(system_off);
    stop_here();
}

void restart() {
    call(system_reset);
    stop_here();
}

}  // namespace spore::arch
