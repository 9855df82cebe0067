// A machine without PCI and without firmware.
#include "arch/pci.hpp"

#include "arch/firmware.hpp"
#include "arch/serial.hpp"

namespace spore::arch {
[[gnu::weak]] bool has_pci() { return false; }
[[gnu::weak]] u32 read_pci(PciAddress, u16) { return ~u32{0}; }
[[gnu::weak]] void write_pci(PciAddress, u16, u32) {}
[[gnu::weak]] PciWindow pci_window() { return {}; }
[[gnu::weak]] Result<u32> pci_pin_line(PciAddress, u8) { return fail(Error::not_found); }
[[gnu::weak]] u32 read_io(u32, u32) { return ~u32{0}; }
[[gnu::weak]] void write_io(u32, u32, u32) {}
[[gnu::weak]] Result<Message> connect_message(PciAddress, u32, InterruptHandler, void*) { return fail(Error::not_supported); }
[[gnu::weak]] AcpiTables acpi_tables() { return {}; }
[[gnu::weak]] std::optional<PowerKey> find_power_key() { return std::nullopt; }
[[gnu::weak]] SerialPort serial_port() { return {}; }
[[gnu::weak]] void write_serial(std::string_view) {}
}  // namespace spore::arch
