// Opens the bundle that the loader handed over.
#pragma once

#include "arch/boot.hpp"
#include "wire/bundle.hpp"
#include "wire/manifest.hpp"

namespace spore::main {

struct OpenBundle {
    wire::Manifest manifest;
    PhysAddr root;     ///< the EROFS image's first byte
    ByteSpan root_bytes;
};

/// Stops the machine with a message when there is no bundle or it is damaged: without it there is nothing to do.
OpenBundle open_bundle(const arch::BootInfo& info);

}  // namespace spore::main
