// The network of a guest that is a process: what QEMU would do, done here.
#pragma once

#include "host/common/process.hpp"
#include "host/plan/network.hpp"

namespace spore::host {

/// What the kernel gets, and who serves it.
struct ProcessNetwork {
    FileDescriptor link;  ///< a TAP interface, or the stream of passt, which runs as `helper`; closed without a network
    Child helper;
};
Outcome<ProcessNetwork> open_process_network(const Network& network);

/// passt's command line; it finds its end of the stream as descriptor 3 [passt(1)].
std::vector<std::string> passt_command(const Network& network);

}  // namespace spore::host
