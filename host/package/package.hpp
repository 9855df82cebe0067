// What `spore build` makes: one plan's kernel and bundle in the form that another hypervisor, or a bare machine, boots.
#pragma once

#include <initializer_list>

#include "host/plan/plan.hpp"

namespace spore::host {

/// What a form is made of, and where.
struct Package {
    const Plan& plan;
    fs::path kernel, bundle;
    fs::path root;     ///< the root's image, when it is to lie on a disk; empty: it is in the bundle
    fs::path scratch;  ///< a folder for what is half made, on the same file system as the output
    std::string name;  ///< of the program: letters, digits and "._-" only
};

/// One thing that somebody else's program makes: the file of Debian's that shows it is there, and its package.
struct Tool {
    std::string_view file, package;
};
/// Fails with all packages that are missing. A file without a path is looked for in $PATH and the system's folders.
Outcome<void> need_tools(std::initializer_list<Tool> tools);
/// Runs one to its end. What it said is in the failure.
Outcome<void> run_tool(const std::vector<std::string>& command);

}  // namespace spore::host
