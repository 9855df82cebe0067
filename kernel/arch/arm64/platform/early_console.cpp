// The PL011 by polling [arm/DDI0183]. Firmware or the machine has set its rate.
#include "early_console.hpp"

#include "../instructions.hpp"
#include "arch/boot.hpp"
#include "arch/device_register.hpp"
#include "arch/serial.hpp"
#include "machine.hpp"

namespace spore::arch {
namespace {
enum Register : u32 { data = 0x00, flags = 0x18, control = 0x30 };
constexpr u32 transmitter_full = 1 << 5, enabled = 1 << 0, transmits = 1 << 8;
constinit std::byte* registers = nullptr;

DeviceRegister<u32>& at(Register r) { return *reinterpret_cast<DeviceRegister<u32>*>(registers + r); }

void put(char c) {
    for (int wait = 0; wait < 100'000 && (at(flags) & transmitter_full); ++wait) pause();
    at(data) = static_cast<u8>(c);
}
}  // namespace

void use_early_console(void* mapped_registers) {
    registers = static_cast<std::byte*>(mapped_registers);
    at(control) = at(control) | enabled | transmits;
}

void write_early_console(std::string_view text) {
    if (!registers) return;
    for (char c : text) {
        if (c == '\n') put('\r');
        put(c);
    }
}

SerialPort serial_port() {
    auto& machine = found_machine();
    if (!registers || !machine.console_line) return {};
    return {SerialPort::Kind::pl011, machine.console.value, machine.console_line};
}

void write_serial(std::string_view bytes) {
    if (!registers) return;
    for (char c : bytes) put(c);
}

}  // namespace spore::arch
