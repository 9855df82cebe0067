// What belongs to the tool, and lies beside it: in its build tree, or where the package installs it.
#pragma once

#include <optional>

#include "host/common/files.hpp"

namespace spore::host {

/// The folder that the tool's own program is in.
fs::path tool_folder();
/// The first of these paths, relative to that folder, that this process may use so (R_OK, X_OK).
std::optional<fs::path> find_beside_tool(std::initializer_list<fs::path> candidates, int access);

}  // namespace spore::host
