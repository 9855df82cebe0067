// A guest of Xen's has no buses: the store tells what there is.
#pragma once

namespace spore::drivers::xen {

/// Finds the devices and starts them. Where arch::xen::present().
void start();

}  // namespace spore::drivers::xen
