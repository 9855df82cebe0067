// The serial port for panics and for the time before there are drivers.
#pragma once

namespace spore::arch {

/// A PL011's registers, mapped. Before this nothing is written.
void use_early_console(void* registers);

}  // namespace spore::arch
