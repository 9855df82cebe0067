// Shared folders of a guest that is a process: what QEMU would serve, diod does, shut up with the one folder by bubblewrap.
#pragma once

#include "host/common/process.hpp"
#include "host/plan/plan.hpp"

namespace spore::host {

/// What the kernel gets, and who serves it.
struct ShareServer {
    FileDescriptor link;   ///< speaks 9P2000.L
    FileDescriptor words;  ///< what the server says besides, which nobody reads: it is open as long as the server runs
    Child helper;
};
/// Starts the server of a shared folder, and waits until it answers.
Outcome<ShareServer> start_share_server(const Volume& volume);

/// As whom it runs: as we do, or for root as the folder's owner. The only user it serves.
u32 share_user(const Volume& volume);

/// bwrap's command line [bwrap(1)], and diod's in it [diod(8)], which finds its end of the stream as descriptor 3. missing_tool without these programs.
Outcome<std::vector<std::string>> share_server_command(const Volume& volume);

}  // namespace spore::host
