// Clocks of known rate, to measure the TSC by.
#pragma once

#include "base/types.hpp"
#include "measurement.hpp"

namespace spore::arch {

struct Reference {
    const char* name = nullptr;
    u64 (*read)() = nullptr;
    CounterKind kind;
};

/// Whether an HPET may count by so many femtoseconds [intel IA-PC HPET 1.0a, 2.3.4]; and no faster than 1 GHz, which none comes near.
constexpr bool is_hpet_period(u32 femtoseconds) { return femtoseconds >= 1'000'000 && femtoseconds <= 0x05f5'e100; }

/// What firmware's tables tell of, before start_reference().
void found_hpet(PhysAddr registers);
void found_power_management_timer(u16 port, bool wide);

/// The best that is there, counting: the HPET (one read of a register), the ACPI timer (one of a port), or the PIT (several of ports).
Reference start_reference();

}  // namespace spore::arch
