// The first 16550 by polling [national PC16550D]; Xen's console, where there is one.
#include "../instructions.hpp"
#include "../xen/xen.hpp"
#include "arch/boot.hpp"
#include "arch/serial.hpp"
#include "kernel/core/parts.hpp"

namespace spore::arch {
namespace {
constexpr u16 com1 = 0x3f8;
constexpr u16 line_status = com1 + 5, line_control = com1 + 3, interrupt_enable = com1 + 1, fifo_control = com1 + 2;
constexpr u8 transmitter_empty = 0x20;
constinit enum class Port : u8 { unknown, absent, ready } port = Port::unknown;

void open_port() {
    if (in8(line_status) == 0xff) {  // nothing answers
        port = Port::absent;
        return;
    }
    out8(interrupt_enable, 0);
    out8(line_control, 0x80);
    out8(com1, 1);  // 115200 baud
    out8(interrupt_enable, 0);
    out8(line_control, 3);  // 8n1
    out8(fifo_control, 0xc7);
    port = Port::ready;
}

bool ready() {
    if (port == Port::unknown) open_port();
    return port == Port::ready;
}

void put(char c) {
    for (int wait = 0; wait < 100'000 && !(in8(line_status) & transmitter_empty); ++wait) pause();
    out8(com1, static_cast<u8>(c));
}
}  // namespace

void write_early_console(std::string_view text) {
    if constexpr (core::has(core::Part::xen))
        if (xen::write_early(text)) return;
    if (!ready()) return;
    for (char c : text) {
        if (c == '\n') put('\r');
        put(c);
    }
}

SerialPort serial_port() {
    constexpr u32 line = 4;  // of the ISA bus
    return ready() ? SerialPort{SerialPort::Kind::ns16550, com1, line} : SerialPort{};
}

void write_serial(std::string_view bytes) {
    if (!ready()) return;
    for (char c : bytes) put(c);
}

}  // namespace spore::arch
