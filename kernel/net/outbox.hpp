// Packets that are sent while others are being received leave together: the device is told once for all of them.
#pragma once

#include "kernel/device/packet.hpp"

namespace spore::net {

class Interface;

/// For a scope on one CPU: what Interface::transmit() gets is kept back until the outermost of these ends, or many have gathered.
class Collecting {
public:
    Collecting();
    ~Collecting();
    Collecting(const Collecting&) = delete;
};

namespace outbox {
/// Takes the packet if this CPU is collecting; then true.
bool collect(Interface& interface, Owned<device::Packet>& packet);
}  // namespace outbox

}  // namespace spore::net
