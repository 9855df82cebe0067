// Language runtimes: the folders that an interpreter reads at run time, which its ELF file does not name.
#pragma once

#include <span>
#include <string_view>

#include "host/root/libraries.hpp"

namespace spore::host {

struct Runtime {
    std::string_view program;                  ///< a pattern for the real program's file name [fnmatch(3)]
    std::span<const std::string_view> folders; ///< patterns [glob(7)]; {version} is what follows the letters of the name, {home} the folder that its bin/ is in
};

/// All that are known.
std::span<const Runtime> runtimes();

/// Brings in the runtime of the program at `real_path`, if it is one, and the libraries of its plug-ins.
void add_runtime(Root& root, Libraries& libraries, const std::string& real_path);

}  // namespace spore::host
