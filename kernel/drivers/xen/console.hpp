// The machine's console below Xen, which is a terminal: `xl console` has a person at the other end, or a log.
#pragma once

#include "kernel/device/console.hpp"

namespace spore::drivers::xen {

/// Null where there is none.
device::Console* open_console();

}  // namespace spore::drivers::xen
