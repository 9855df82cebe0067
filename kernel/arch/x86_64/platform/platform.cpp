// Finds what the machine is made of: interrupt controllers, processors, power registers, the clock's rate.
#include "../apic/io_apic.hpp"
#include "../apic/local_apic.hpp"
#include "../clock/clock.hpp"
#include "../clock/reference.hpp"
#include "../../isa/x86_64/cpu/features.hpp"
#include "../cpu/local.hpp"
#include "../instructions.hpp"
#include "acpi_reader.hpp"
#include "arch/boot.hpp"
#include "arch/firmware.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "../hyperv/hyperv.hpp"
#include "../xen/xen.hpp"
#include "power.hpp"
#include "wire/acpi.hpp"

namespace spore::arch {
namespace {

using namespace wire::acpi;

constexpr u16 pic_master_data = 0x21, pic_slave_data = 0xa1;

/// The RSDP where a PC's firmware leaves it, when the boot protocol did not tell [acpi 5.2.5.1].
u64 scan_for_root(PhysicalReader& reader) {
    for (u64 at = 0xe0000; at < 0x100000; at += 16)
        if (auto bytes = reader.see(at, 8); bytes && std::memcmp(bytes->data(), "RSD PTR ", 8) == 0) return at;
    return 0;
}

void read_madt(Table madt) {
    MadtReader entries(madt);
    while (auto entry = entries.next()) {
        switch (entry->kind) {
        case MadtEntry::Kind::processor: found_processor(entry->id); break;
        case MadtEntry::Kind::io_apic:
            if (!add_io_apic({entry->address}, entry->line)) core::warn("the I/O APIC at {:x} cannot be mapped", entry->address);
            break;
        case MadtEntry::Kind::source_override: override_isa_line(entry->isa_line, entry->line, entry->active_low, entry->level); break;
        }
    }
}

/// They stay for as long as the machine: firmware's memory is never reused.
constinit AcpiTables tables{};

/// A machine without ACPI: one processor, and the I/O APIC where every PC has it.
void assume_plain_machine() {
    if (!add_io_apic({0xfec00000}, 0)) core::warn("no I/O APIC can be mapped");
}

/// What time and interrupts go by from here on, and where the TSC's rate is from.
void log_choices(const char* source) {
    u64 khz = (u64{1'000'000} << 32) / clock_page.multiplier;
    core::debug("platform: TSC {} kHz, {}; {}, {} timer", khz, source, features.x2apic ? "x2APIC" : "APIC", features.tsc_deadline ? "TSC-deadline" : "counting");
}

}  // namespace

bool next_virtio_mmio(u64& position, VirtioMmioSlot& slot) {
    auto found = wire::acpi::next_virtio_mmio(tables.others, position);
    if (found) slot = {{found->address}, found->size, found->line};
    return found.has_value();
}

AcpiTables acpi_tables() { return tables; }
std::optional<PowerKey> find_power_key() { return std::nullopt; }

void start_platform(const BootInfo& info) {
    if constexpr (core::has(core::Part::xen)) xen::start(info);
    if constexpr (core::has(core::Part::hyperv)) hyperv::start();
    // The 8259s may still be unmasked; interrupts come through the APICs only.
    out8(pic_master_data, 0xff);
    out8(pic_slave_data, 0xff);
    start_local_apic();
    local().apic_id = local_apic_id();
    DirectReader reader(info.highest.value);
    u64 root = info.acpi_root.value ? info.acpi_root.value : scan_for_root(reader);
    if (auto madt = find_table(reader, root, "APIC")) read_madt(*madt);
    else assume_plain_machine();
    if (auto fadt = find_table(reader, root, "FACP")) {
        tables.fixed = *fadt;
        learn_power(reader, *fadt);
        if (auto registers = read_fadt(*fadt)) {
            if (auto found = table_at(reader, registers->dsdt)) tables.others = *found;
            if (registers->timer) found_power_management_timer(registers->timer, registers->timer_wide);
        }
    }
    if (auto table = find_table(reader, root, "HPET"))
        if (auto registers = read_hpet(*table)) found_hpet({*registers});
    log_choices(calibrate_clock());
}

}  // namespace spore::arch
