// Which parts and system calls of the kernel a run needs, and why.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/check/reach.hpp"
#include "host/plan/plan.hpp"

namespace spore::host {

struct PartChoice {
    std::string_view name, text;  ///< as abi/parts.list.hpp has them
    bool kept;
    std::string why;              ///< or why not
};

struct CallChoice {
    std::string evidence, why;
};

struct Selection {
    std::vector<PartChoice> parts;
    std::string all_calls;                   ///< why every system call stays; empty: only `calls`
    std::map<std::string, CallChoice> calls; ///< by name; also where all stay
};

/// What was found out about the programs in the root.
struct ProgramFacts {
    Findings findings;
    bool saw_all = true;  ///< false: there is more code than could be looked into
};

/// Pure. `plan.kept` are names of parts and calls that stay in any case.
Selection select_parts(const Plan& plan, RootPlace root, const ProgramFacts& facts);

/// What kernel/core/parts.hpp reads.
std::string header_of(const Selection& selection);

}  // namespace spore::host
