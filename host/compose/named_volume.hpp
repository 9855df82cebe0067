// Disks that projects keep: the volumes that a Compose file names.
#pragma once

#include "host/plan/project.hpp"

namespace spore::host {

/// Its image, below $XDG_DATA_HOME/spore/volumes; made when it is not there yet: with what `contents` holds, if that is a folder, and as its owner's.
Outcome<fs::path> provide_volume(const std::string& project, const std::string& name, const fs::path& contents);
Outcome<void> remove_volume(const std::string& project, const std::string& name);

}  // namespace spore::host
