// Saving a background machine with all that its program has done so far, and starting machines that go on from there: `spore snapshot`, `spore restore`.
#pragma once

#include "host/run/run.hpp"

namespace spore::host {

/// What keeps a machine from being saved, whatever its guest does: a clause with the fix; nothing when nothing does.
std::optional<std::string> problem_of_saving(const Plan& plan);
/// Writes what a machine was started with into the folder, and makes the file that its state is to go to. On the machine's own process, as RunHooks::save.
Outcome<FileDescriptor> save_machine(const FileDescriptor& folder, const Plan& plan, const Prepared& prepared);

/// Has a background machine saved to a new folder. It goes on afterwards.
Outcome<void> save_instance(const std::string& name, const fs::path& folder);

/// A machine that was saved, ready to be run.
struct Restored {
    Plan plan;
    Prepared prepared;
};
/// `ports` and `network` replace the saved ones where they are given.
Outcome<Restored> open_saved(const fs::path& folder, const NetworkRequest& network);

}  // namespace spore::host
