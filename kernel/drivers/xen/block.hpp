// Disks in another domain.
#pragma once

#include "kernel/drivers/xen/frontend.hpp"

namespace spore::drivers::xen {

Result<void> attach_block(const Frontend& end);

}  // namespace spore::drivers::xen
