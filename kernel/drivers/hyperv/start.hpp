// Devices of a machine below Hyper-V.
#pragma once

namespace spore::drivers::hyperv {

/// Starts those that the host offers and that we know. Sleeps.
void start();

}  // namespace spore::drivers::hyperv
