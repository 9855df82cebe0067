// Carries out a plan: root, image, bundle, QEMU, session. Gives the exit status of the program.
#pragma once

#include <functional>

#include "host/image/bundle_file.hpp"
#include "host/plan/plan.hpp"
#include "host/root/root.hpp"
#include "host/run/timeline.hpp"

namespace spore::host {

/// What QEMU is to be started with, everything prepared.
struct Prepared {
    FileDescriptor bundle, kernel;
    RootPart root_part;       ///< of the bundle
    FileDescriptor firmware;  ///< when it is what starts the kernel
    FileDescriptor root_image;  ///< when it is not inside the bundle: a disk's, or what follows the bundle in memory
    std::vector<std::string> command;
    Root root;  ///< to find the files of this machine behind those of the guest
};

/// Makes what is not there yet. A tailored kernel becomes the plan's.
Outcome<Prepared> prepare(Plan& plan);
/// Who else deals with the guest while it runs. Each may be missing.
struct RunHooks {
    std::function<void(std::string_view)> strace{};  ///< gets the lines that plan.strace asks for
    int questions = -1;                              ///< as in SessionFiles
    Timeline* timeline = nullptr;                    ///< notes when the run came to what; with plan.timeline
    bool observed = false;                           ///< who started the machine for us watches it, and is waited for
};
/// Until the program ends: its exit status.
Outcome<int> run(const Plan& plan, Prepared prepared, RunHooks hooks = {});

}  // namespace spore::host
