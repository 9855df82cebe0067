// The rest of what a machine has: the beginning and the end, a serial port, and no buses.
#include <signal.h>

#include "../../common/clock/clock.hpp"
#include "../boot/machine.hpp"
#include "arch/boot.hpp"
#include "arch/firmware.hpp"
#include "arch/pci.hpp"
#include "arch/serial.hpp"
#include "channel.hpp"
#include "disk.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "machine_cpu.hpp"
#include "network_card.hpp"
#include "share.hpp"

namespace spore::arch {

void start_platform(const BootInfo&) {
    set_rate(1'000'000'000);
    clock_page.usable = 0;  // programs' own clock would read another counter
    core::debug("platform: a Linux process, {} MiB of memory", settings.memory >> 20);
    open_channel(settings.channel);
    open_disks(settings);
    open_network(settings);
    if constexpr (core::has(core::Part::shares)) open_shares(settings);
}

void write_early_console(std::string_view text) {
    while (!text.empty()) {
        i64 written = host::call(SYS_write, settings.serial, text.data(), text.size());
        if (written <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

SerialPort serial_port() { return {}; }
void write_serial(std::string_view bytes) { write_early_console(bytes); }

/// The others end with the first.
void power_off() {
    if (!is_first()) host::call(SYS_kill, first_process(), SIGKILL);
    host::call(SYS_exit_group, 0);
    __builtin_trap();
}
void restart() { power_off(); }

bool next_virtio_mmio(u64&, VirtioMmioSlot&) { return false; }
AcpiTables acpi_tables() { return {}; }
std::optional<PowerKey> find_power_key() { return std::nullopt; }
bool has_pci() { return false; }
u32 read_pci(PciAddress, u16) { return ~u32{0}; }
void write_pci(PciAddress, u16, u32) {}
PciWindow pci_window() { return {}; }
Result<u32> pci_pin_line(PciAddress, u8) { return fail(Error::not_found); }
u32 read_io(u32, u32) { return ~u32{0}; }
void write_io(u32, u32, u32) {}

}  // namespace spore::arch
