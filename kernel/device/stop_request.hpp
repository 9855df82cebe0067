// Whoever runs the machine asks it to stop: by a power button, by Ctrl-Alt-Del, or as a hypervisor does it. Drivers hear it; kernel/main sees to it.
#pragma once

#include "base/types.hpp"

namespace spore::device {

/// What is to become of the machine when its program has ended.
enum class AfterEnd : u8 { power_off, restart };

using StopListener = void (*)(AfterEnd after);
/// Once, before drivers ask.
void set_stop_listener(StopListener listener);
/// In any context, interrupts included; without a listener nothing happens.
void request_stop(AfterEnd after);

}  // namespace spore::device
