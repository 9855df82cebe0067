// Starts the program that the manifest names.
#pragma once

#include "kernel/device/console.hpp"
#include "kernel/fs/dentry.hpp"
#include "wire/manifest.hpp"

namespace spore::main {

/// Makes the first process. What goes wrong later ends the machine with a message to the host.
void start_program(const wire::Manifest& manifest, Shared<fs::Dentry> root, device::Console& console);

}  // namespace spore::main
