// `spore gdb`: QEMU's debugger stub on a Unix socket, or the process that is the machine, and gdb on it with the symbols of the kernel and the program.
#pragma once

#include "host/run/run.hpp"

namespace spore::host {

struct GdbOptions {
    std::vector<std::string> commands;  ///< --ex: what gdb is to do first
    bool batch = false;                 ///< end after them
};

/// Prepares the plan for a debugger: fixed addresses, and the way to the machine in `folder`.
void add_debugger(Plan& plan, const fs::path& folder);
/// Writes what gdb's commands need to know about the program to folder/files.json: where it is loaded, and which file of this
/// machine is which of the guest.
Outcome<void> describe_for_gdb(const Plan& plan, Prepared& prepared, const fs::path& folder);

/// Starts the machine, paused, and gdb on it. Gives gdb's exit status.
Outcome<int> debug(Plan plan, const GdbOptions& options);
/// Becomes gdb on a core file, with the program and the libraries that `plan` has.
Outcome<int> look_at_core(const Plan& plan, const fs::path& core, const GdbOptions& options);
/// Becomes gdb on a machine that was started with --debug; `folder` holds its socket and files.json.
Outcome<int> attach_gdb(const fs::path& folder, const GdbOptions& options);

}  // namespace spore::host
