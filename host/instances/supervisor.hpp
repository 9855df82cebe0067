// The process that keeps a background machine: it has the program's output and exit status, and passes requests on.
#pragma once

#include <functional>

#include "host/instances/instance.hpp"
#include "host/plan/plan.hpp"

namespace spore::host {

enum class AfterEnd : u8 { keep, remove };

struct Supervised {
    std::vector<std::string> command;  ///< for `ps`
    AfterEnd after_end = AfterEnd::keep;
    std::string debugger;              ///< see InstanceState
    std::string origin = {};           ///< likewise
    /// Runs the machine with the standard streams and gives the exit status. Called in a process of its own.
    std::function<int()> run;
    Restart restart = {};
    /// The same anew, for `restart`.
    std::function<int()> run_again = {};
    /// Called in the supervisor when the machine's process has what it needs: no other has to keep it.
    std::function<void()> handed_over = {};
};

/// Starts the supervisor as a daemon and returns when the machine is being started. The instance is claimed already.
Outcome<void> start_supervisor(Instance& instance, const Supervised& what);

}  // namespace spore::host
