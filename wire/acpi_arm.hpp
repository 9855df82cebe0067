// What ACPI's tables say of an arm64 machine: its interrupt controller, timer, serial port, how firmware is called, and where PCI's configuration
// space is [acpi 5.2; arm/DEN0044 BBR].
#pragma once

#include "wire/acpi.hpp"

namespace spore::wire::acpi {

/// One record of the MADT that is about a GIC [acpi 5.2.12.14 to 5.2.12.18].
struct GicEntry {
    enum class Kind : u8 { cpu, distributor, message_frame, redistributors, translation_service } kind;
    u64 address = 0;         ///< registers; of a cpu those of its interface (GICv2)
    u64 size = 0;            ///< of redistributors
    u64 redistributor = 0;   ///< of a cpu, where they are not in regions
    u64 affinity = 0;        ///< of a cpu, as MPIDR_EL1 has it
    u32 version = 0;         ///< of a distributor; 0 when it does not say
};
class GicReader {
public:
    explicit GicReader(Table madt);
    /// The next entry; nothing at the end or where the table is damaged. Processors that cannot be used are left out.
    std::optional<GicEntry> next();

private:
    ByteSpan rest_;
};

/// The interrupts of EL1's timers, 0 for one that is not wired [acpi 5.2.25].
struct Timers {
    u32 physical_interrupt, virtual_interrupt;
};
std::optional<Timers> read_timers(Table gtdt);
/// The console's PL011 [microsoft SPCR].
struct Console {
    u64 address;
    u32 line;  ///< 0: the table does not tell
};
/// Nothing for another kind of port.
std::optional<Console> read_console(Table spcr);

enum class FirmwareCall : u8 { none, hypervisor, secure_monitor };
/// How PSCI is called [acpi 5.2.9.4].
FirmwareCall read_firmware_call(Table fadt);

struct PciConfiguration {
    u64 address = 0;
    u32 buses = 0;
};
/// The first segment's configuration space, from bus 0 on [pci firmware 3.2, 4.1.2].
std::optional<PciConfiguration> read_pci_configuration(Table mcfg);

}  // namespace spore::wire::acpi
