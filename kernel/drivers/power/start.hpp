// What asks the machine to stop: its power button, and Ctrl-Alt-Del, which asks to restart.
#pragma once

namespace spore::drivers::power {

/// Finds what there is and listens to it (device::request_stop). In a thread.
void start();

}  // namespace spore::drivers::power
