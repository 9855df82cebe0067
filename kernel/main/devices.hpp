// Finds the machine's devices and starts their drivers.
#pragma once

#include <string_view>

#include "kernel/device/console.hpp"
#include "wire/manifest.hpp"

namespace spore::main {

/// `command_line` may name virtio-mmio devices, as QEMU's microvm and Firecracker do.
void start_devices(std::string_view command_line);
/// And those of disk controllers, once all CPUs run.
void start_disks();
/// The program's console: the channel where the manifest asks for it, the first serial port otherwise.
device::Console& start_console(const wire::Manifest& manifest);
/// Finds what asks the machine to stop, where the channel does not. When the program has been started.
void listen_for_stop();
/// `cpus=N` on the command line; otherwise as many as there are.
u32 wanted_cpus(std::string_view command_line);

}  // namespace spore::main
