// The bundle of one run: manifest and, when small, the root image, in a file that exists in memory only.
#pragma once

#include <vector>

#include "host/image/root_image.hpp"
#include "host/plan/plan.hpp"

namespace spore::host {

/// The manifest's bytes for this plan. `program` is the program's path in the guest.
std::vector<std::byte> make_manifest(const Plan& plan, const std::string& program, abi::RootSource source);

/// A memory file (memfd_create) that holds the bundle.
Outcome<FileDescriptor> make_bundle_file(const std::vector<std::byte>& manifest, const RootImage& root);

}  // namespace spore::host
