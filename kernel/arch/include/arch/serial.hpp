// The first serial port, as a console in both directions. Before there are drivers it is write_early_console()'s.
#pragma once

#include <string_view>

#include "base/types.hpp"

namespace spore::arch {

struct SerialPort {
    enum class Kind : u8 { none, ns16550, pl011 } kind = Kind::none;
    u64 address = 0;  ///< of registers: the first of eight I/O ports, or where a PL011's page is in memory
    u32 line = 0;
};
/// Set up for writing; `none` also where nobody tells by which line it interrupts.
SerialPort serial_port();
/// Writes bytes as they are, by polling.
void write_serial(std::string_view bytes);

}  // namespace spore::arch
