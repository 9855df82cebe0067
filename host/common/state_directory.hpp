// Where what outlives a run of the tool is kept.
#pragma once

#include "host/common/files.hpp"

namespace spore::host {

/// $XDG_RUNTIME_DIR/spore, or ~/.local/state/spore where there is none: the user's alone. Created when missing.
Outcome<fs::path> state_directory();
/// Where what is to last is kept: $XDG_DATA_HOME/spore, or ~/.local/share/spore. Created when missing.
Outcome<fs::path> data_directory();

}  // namespace spore::host
