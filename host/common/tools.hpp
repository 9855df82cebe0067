// Other people's programs that do a step of ours.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "host/common/failure.hpp"

namespace spore::host {

/// A file that shows a tool is there, and its package of Debian's. A file without a path is looked for in $PATH and the system's folders.
struct Tool {
    std::string_view file, package;
};
/// Fails with the packages of all that are missing. `purpose` is what wants them.
Outcome<void> need_tools(std::string_view purpose, std::initializer_list<Tool> tools);
/// Runs one to its end. What it said of its failure is in ours.
Outcome<void> run_tool(const std::vector<std::string>& command);
/// The same; gives what it printed.
Outcome<std::string> ask_tool(const std::vector<std::string>& command);

}  // namespace spore::host
