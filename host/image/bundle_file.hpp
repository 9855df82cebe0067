// The bundle of one run: manifest and, when that is to lie in memory, the root image, in a file that exists in memory only.
#pragma once

#include <vector>

#include "host/image/root_image.hpp"
#include "host/plan/plan.hpp"

namespace spore::host {

/// The manifest's bytes for this plan. `program` is the program's path in the guest; of `root`, the files beside its image are in it.
std::vector<std::byte> make_manifest(const Plan& plan, const std::string& program, abi::RootSource source, const Root& root);

/// Whether the bundle has a root, and whether its bytes are in the bundle's file or follow it from the image's own.
enum class RootPart : u8 { none, inside, follows };
/// A memory file (memfd_create) that holds the bundle.
Outcome<FileDescriptor> make_bundle_file(const std::vector<std::byte>& manifest, const RootImage& root, RootPart part);

}  // namespace spore::host
