// Where what runs in the background is kept.
#pragma once

#include "host/common/files.hpp"

namespace spore::host {

/// $XDG_RUNTIME_DIR/spore, or ~/.local/state/spore where there is none: the user's alone. Created when missing.
Outcome<fs::path> state_directory();

}  // namespace spore::host
