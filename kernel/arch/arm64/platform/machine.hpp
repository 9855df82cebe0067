// What firmware says of the machine, as the kernel uses it: in a device tree, or in ACPI's tables where there is none.
#pragma once

#include "../clock/timer.hpp"
#include "arch/boot.hpp"
#include "psci.hpp"

namespace spore::arch {

struct Machine {
    u32 gic_version = 0;  ///< 2 or 3; 0 when there is none
    u32 gic_address_cells = 0;
    PhysAddr distributor{}, cpu_interface{};
    static constexpr u32 max_redistributors = 8;
    MemoryRange redistributors[max_redistributors]{};
    u32 redistributor_count = 0;
    TimerWiring timer;
    PhysAddr message_frame{}, translation_service{};  ///< of a GICv2m, or an ITS
    PhysAddr console{}, wall_clock{};
    u32 console_line = 0;  ///< 0: nobody tells
    MemoryRange pci_configuration{};
    i64 wall_seconds = 0;      ///< what firmware's clock said when the counter stood at `wall_counter`; 0: it was not asked
    u64 wall_counter = 0;
    Conduit conduit = Conduit::none;
};

/// What has been found so far.
Machine& found_machine();

/// Calls found(affinity) for each processor that PSCI can start.
void for_each_processor(void (*found)(u64 affinity));

}  // namespace spore::arch
