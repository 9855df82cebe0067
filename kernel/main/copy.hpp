// Copies files out of the guest's tree and into it, for the host [abi/copy.hpp]. For machines without a program that could.
#pragma once

#include "kernel/device/console.hpp"
#include "kernel/fs/dentry.hpp"
#include "wire/copy.hpp"

namespace spore::main {

/// Until all is copied, or the other end is gone. What could not be is told there, entry by entry.
void copy_files(const wire::CopyRequest& request, device::Console& console, fs::Dentry& root);

}  // namespace spore::main
