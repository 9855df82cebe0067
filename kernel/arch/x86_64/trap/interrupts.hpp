// Device vectors and who handles them.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

void dispatch_device_interrupt(u32 vector);

}  // namespace spore::arch
