// Network cards whose other end is in another domain: one pair of rings, served by CPU 0.
#pragma once

#include "kernel/drivers/xen/frontend.hpp"

namespace spore::drivers::xen {

Result<void> attach_net(const Frontend& end);

}  // namespace spore::drivers::xen
