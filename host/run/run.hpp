// Carries out a plan: root, image, bundle, QEMU, session. Gives the exit status of the program.
#pragma once

#include <functional>

#include "host/plan/plan.hpp"
#include "host/root/root.hpp"

namespace spore::host {

/// What QEMU is to be started with, everything prepared.
struct Prepared {
    FileDescriptor bundle, kernel;
    FileDescriptor disk;  ///< the root's image, when it is not in the bundle
    std::vector<std::string> command;
    Root root;  ///< to find the files of this machine behind those of the guest
};

Outcome<Prepared> prepare(const Plan& plan);
Outcome<int> run(const Plan& plan);
/// The same with everything prepared already. `strace` gets the lines that plan.strace asks for.
Outcome<int> run(const Plan& plan, Prepared prepared, std::function<void(std::string_view)> strace = {});

}  // namespace spore::host
