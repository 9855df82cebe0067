// `spore trace`: runs a program while the kernel records what happens, and draws it; or looks at a machine that runs already.
#pragma once

#include <chrono>

#include "host/plan/plan.hpp"

namespace spore::host {

struct TraceOptions {
    fs::path output = "trace.json";
    std::string points;  ///< as parse_points() reads them; empty: all
    u32 events = 32 * 1024;  ///< that each processor keeps
};

/// Writes the file, says on standard error what is in it, and gives the program's exit status.
Outcome<int> trace(Plan plan, const TraceOptions& options);

/// The same of a background machine for some time, or until a signal ends it.
Outcome<int> trace_machine(const std::string& name, std::chrono::milliseconds time, const TraceOptions& options);

}  // namespace spore::host
