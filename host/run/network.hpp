// The guest's network card on QEMU's command line, and what this machine must have for it.
#pragma once

#include "host/plan/plan.hpp"
#include "host/run/monitor.hpp"

namespace spore::host {

/// A failure names what is in the way and how to mend it: a port in use, a TAP interface that is not there or not ours.
Outcome<void> check_network(const Network& network);

/// QEMU's options. A bridge's interface, or a wire to other machines, is handed over as `descriptor`.
std::vector<std::string> network_options(const Network& network, bool pci, int descriptor);
/// Opens the ports of a machine that was started without. QEMU takes connections before its guest runs, and tells that of them seconds later.
Outcome<void> forward_ports(const Network& network, Monitor& monitor);

/// The TAP interface of that name, with virtio headers.
Outcome<FileDescriptor> open_tap(const std::string& name);

/// A new TAP interface in the bridge, from QEMU's helper, which has the privileges for it.
Outcome<FileDescriptor> open_bridge(const Network& network);

}  // namespace spore::host
