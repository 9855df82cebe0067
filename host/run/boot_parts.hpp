// What a machine is booted from, whoever starts it: the kernel, and the bundle with the program, made of a plan.
#pragma once

#include "host/image/bundle_file.hpp"
#include "host/plan/plan.hpp"
#include "host/root/root.hpp"

namespace spore::host {

struct BootParts {
    FileDescriptor bundle, kernel;
    RootPart root_part;         ///< of the bundle
    FileDescriptor root_image;  ///< when it is not inside the bundle: a disk's, or what follows the bundle in memory
    RootPlace root_place;
    u64 smallest_memory;        ///< bytes that the machine surely needs; more with what the program does
    Root root;                  ///< to find the files of this machine behind those of the guest
};

/// Makes what is not there yet. A tailored kernel becomes the plan's.
Outcome<BootParts> prepare_boot_parts(Plan& plan);
/// The whole bundle as a file, with the root behind it where that is to lie in memory.
Outcome<void> write_bundle(const BootParts& parts, const fs::path& path);

}  // namespace spore::host
