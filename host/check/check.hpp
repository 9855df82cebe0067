// `spore check`: the system calls that a program and its libraries can make, and what the kernel does about each.
#pragma once

#include <functional>

#include "host/check/reach.hpp"
#include "host/plan/plan.hpp"

namespace spore::host {

enum class CheckFormat : u8 { table, json };

/// Calls `keep(name)` for each system call that a run of the program made; gives the program's exit status.
using TracedRun = std::function<Outcome<int>(const std::function<void(std::string_view)>& keep)>;

/// `trace` may be empty, but for programs whose machine code cannot be read (arm64). Exit status 1 when something that the program surely needs is missing: a call that it was seen to
/// make, or whose function it names.
Outcome<int> check(const Plan& plan, CheckFormat format, const TracedRun& trace);

struct Report {
    std::string text;
    bool complete;  ///< nothing that is surely needed is missing
};
/// Pure, for tests.
Report make_report(const std::string& program, Architecture architecture, const Findings& findings, CheckFormat format, bool traced);

}  // namespace spore::host
