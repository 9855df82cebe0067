// The doors of an instance that lead to its guest, for the process that runs the machine.
#pragma once

#include "host/instances/control.hpp"
#include "host/run/run.hpp"

namespace spore::host {

/// Open from the beginning on: until the machine takes them, who asks waits.
struct GuestDoors {
    FileDescriptor questions, executions, snapshots;
    static Outcome<GuestDoors> open(const Instance& instance);
    /// With these the machine answers there.
    RunHooks hooks() const;
};

}  // namespace spore::host
