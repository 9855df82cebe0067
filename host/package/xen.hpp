// A folder that Xen's toolstack starts: kernel, bundle and its configuration file [xen docs/man/xl.cfg.5].
#pragma once

#include "host/package/package.hpp"

namespace spore::host {

/// The configuration; paths are relative to the folder.
std::string xen_configuration(const Package& package);
Outcome<void> make_xen(const Package& package, const fs::path& folder);

}  // namespace spore::host
