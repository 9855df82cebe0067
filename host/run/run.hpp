// Carries out a plan: root, image, bundle, QEMU, session. Gives the exit status of the program.
#pragma once

#include "host/plan/plan.hpp"

namespace spore::host {

/// What QEMU is to be started with, everything prepared.
struct Prepared {
    FileDescriptor bundle;
    std::vector<std::string> command;
};

Outcome<Prepared> prepare(const Plan& plan);
Outcome<int> run(const Plan& plan);

}  // namespace spore::host
