// What `spore build` makes: one plan's kernel and bundle in the form that another hypervisor, or a bare machine, boots.
#pragma once

#include "host/common/tools.hpp"
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

}  // namespace spore::host
