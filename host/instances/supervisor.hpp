// The process that keeps a background machine: it has the program's output and exit status, and passes requests on.
#pragma once

#include <functional>

#include "host/instances/instance.hpp"

namespace spore::host {

enum class AfterEnd : u8 { keep, remove };

struct Supervised {
    std::vector<std::string> command;  ///< for `ps`
    AfterEnd after_end = AfterEnd::keep;
    std::string debugger;              ///< see InstanceState
    /// Runs the machine with the standard streams and gives the exit status. Called in a process of its own.
    std::function<int()> run;
};

/// Starts the supervisor as a daemon and returns when the machine is being started. The instance is claimed already.
Outcome<void> start_supervisor(Instance& instance, const Supervised& what);

}  // namespace spore::host
