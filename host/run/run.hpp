// Carries out a plan: root, image, bundle, QEMU, session. Gives the exit status of the program.
#pragma once

#include <functional>

#include "host/run/boot_parts.hpp"
#include "host/run/monitor.hpp"
#include "host/run/timeline.hpp"

namespace spore::host {

/// What a machine is to be started with, everything prepared.
struct Prepared : BootParts {
    FileDescriptor firmware;  ///< when it is what starts the kernel
    FileDescriptor wire;      ///< to the other machines of its network, see host/lan
    FileDescriptor state;     ///< with plan.restored: what the machine goes on from
    Accelerator accelerator = Accelerator::automatic;  ///< QEMU's
    std::vector<std::string> command;
};

/// Makes what is not there yet. A tailored kernel becomes the plan's.
Outcome<Prepared> prepare(Plan& plan);
/// Who else deals with the guest while it runs. Each may be missing.
struct RunHooks {
    std::function<void(std::string_view)> strace{};  ///< gets the lines that plan.strace asks for
    std::function<void(ByteSpan)> trace{};           ///< gets the frames that plan.trace asks for
    int questions = -1, executions = -1, snapshots = -1;  ///< as in SessionFiles
    /// With `snapshots`: writes what the machine was started with to a folder, with a new file for its state.
    std::function<Outcome<FileDescriptor>(const FileDescriptor& folder, const Plan&, const Prepared&)> save{};
    Timeline* timeline = nullptr;                    ///< notes when the run came to what; with plan.timeline
    bool observed = false;                           ///< who started the machine for us watches it, and is waited for
};
/// Until the program ends: its exit status.
Outcome<int> run(const Plan& plan, Prepared prepared, RunHooks hooks = {});

}  // namespace spore::host
