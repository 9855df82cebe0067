// From a plan to the root: everything the program needs, checked before anything boots.
#pragma once

#include "host/plan/plan.hpp"
#include "host/root/root.hpp"

namespace spore::host {

struct Assembled {
    Root root;
    std::string program;  ///< the program's path in the guest
    u64 program_size;     ///< bytes that its segments take in memory
};

Outcome<Assembled> assemble_root(const Plan& plan);

}  // namespace spore::host
