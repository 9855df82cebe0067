// A guest of Xen's has no buses: the store tells what there is.
#pragma once

namespace spore::drivers::xen {

/// Finds the devices and starts them. Where arch::xen::present().
void start();
/// Lets the toolstack ask the domain to stop (device::request_stop). After start().
void listen_for_stop();

}  // namespace spore::drivers::xen
