// The network that an engine made for a container: a namespace with an interface in it, with the container's addresses. A machine gets the
// interface's card in place of this machine's own kernel: what arrives there is led to a TAP of the machine's, and back, and the machine has its
// MAC address, addresses and ways out.
#pragma once

#include "host/oci/spec.hpp"

namespace spore::host::oci {

/// This process is in the container's network namespace afterwards.
Outcome<void> enter_network(const Spec& spec);
/// Leads the interface of the namespace that this process is in to a TAP, and tells how a machine is attached to that. Without an interface that
/// has an address, no network.
Outcome<NetworkRequest> attach_to_interface();

/// An interface as `ip -json address` tells it.
struct Interface {
    std::string name;
    unsigned mtu = 0;
    MacAddress mac{};
    std::vector<InterfaceAddress> addresses;  ///< those that others reach
};
/// Those with addresses, besides the loopback.
Outcome<std::vector<Interface>> parse_interfaces(std::string_view json);
/// The way out by this interface, of what `ip -json route show default` tells.
Outcome<std::optional<HostAddress>> parse_gateway(std::string_view json, std::string_view interface);

}  // namespace spore::host::oci
