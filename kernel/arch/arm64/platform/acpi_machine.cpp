#include "acpi_machine.hpp"

#include "wire/acpi_arm.hpp"

namespace spore::arch {

using namespace wire::acpi;

namespace {

// They stay for as long as the machine: firmware's tables are never reused.
constinit Table madt{};
constinit AcpiTables tables{};

void add_redistributors(Machine& machine, u64 start, u64 size) {
    if (machine.redistributor_count < Machine::max_redistributors && size <= ~u64{0} - start)
        machine.redistributors[machine.redistributor_count++] = {{start}, {start + size}};
}

void read_gic(Machine& machine) {
    GicReader entries(madt);
    while (auto entry = entries.next()) {
        switch (entry->kind) {
        case GicEntry::Kind::cpu:
            if (!machine.cpu_interface.value) machine.cpu_interface = {entry->address};
            break;
        case GicEntry::Kind::distributor:
            machine.distributor = {entry->address};
            machine.gic_version = entry->version;
            break;
        case GicEntry::Kind::message_frame: machine.message_frame = {entry->address}; break;
        case GicEntry::Kind::redistributors: add_redistributors(machine, entry->address, entry->size); break;
        case GicEntry::Kind::translation_service: machine.translation_service = {entry->address}; break;
        }
    }
    // Version 4 is 3 with more for virtual machines; a table from before there was a version tells by what it lists.
    if (machine.distributor.value && machine.gic_version != 2) machine.gic_version = machine.gic_version || machine.redistributor_count ? 3 : 2;
}

Conduit conduit_of(FirmwareCall call) {
    switch (call) {
    case FirmwareCall::hypervisor: return Conduit::hypervisor;
    case FirmwareCall::secure_monitor: return Conduit::secure_monitor;
    case FirmwareCall::none: break;
    }
    return Conduit::none;
}

}  // namespace

bool read_acpi_machine(Machine& machine, PhysicalReader& reader, u64 root) {
    auto interrupts = find_table(reader, root, "APIC");
    if (!interrupts) return false;
    madt = *interrupts;
    read_gic(machine);
    if (auto gtdt = find_table(reader, root, "GTDT"))
        if (auto timers = read_timers(*gtdt)) machine.timer = {.virtual_interrupt = timers->virtual_interrupt, .physical_interrupt = timers->physical_interrupt};
    if (auto spcr = find_table(reader, root, "SPCR"))
        if (auto console = read_console(*spcr)) machine.console = {console->address}, machine.console_line = console->line;
    if (auto mcfg = find_table(reader, root, "MCFG"))
        if (auto pci = read_pci_configuration(*mcfg)) machine.pci_configuration = {{pci->address}, {pci->address + pci->buses * 1_MiB}};
    if (auto fadt = find_table(reader, root, "FACP")) {
        tables.fixed = *fadt;
        machine.conduit = conduit_of(read_firmware_call(*fadt));
        if (auto registers = read_fadt(*fadt))
            if (auto table = table_at(reader, registers->dsdt)) tables.others = *table;
    }
    return true;
}

AcpiTables acpi_tables() { return tables; }

void for_each_processor_in_acpi(void (*found)(u64 affinity)) {
    GicReader entries(madt);
    while (auto entry = entries.next())
        if (entry->kind == GicEntry::Kind::cpu) found(entry->affinity);
}

bool next_virtio_mmio_in_acpi(u64& position, VirtioMmioSlot& slot) {
    auto found = next_virtio_mmio(tables.others, position);
    if (found) slot = {{found->address}, found->size, found->line};
    return found.has_value();
}

}  // namespace spore::arch
