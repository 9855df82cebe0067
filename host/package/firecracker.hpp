// A folder that Firecracker starts: kernel, bundle and its configuration file [Firecracker docs/getting-started.md, "--config-file"].
#pragma once

#include "host/package/package.hpp"

namespace spore::host {

/// The configuration; paths are relative to the folder.
std::string firecracker_configuration(const Package& package);
Outcome<void> make_firecracker(const Package& package, const fs::path& folder);

}  // namespace spore::host
