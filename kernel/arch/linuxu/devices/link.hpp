// What a network card's descriptor leads to: single packets, taken and given.
#pragma once

#include "kernel/device/net.hpp"
#include "wire/virtio_net.hpp"

namespace spore::arch {

class Link {
public:
    virtual ~Link() = default;
    virtual const char* name() const = 0;
    virtual u16 mtu() const = 0;
    virtual const device::NetFeatures& features() const = 0;
    /// The next packet that has come, with what its header says. Null when none has, or there is no memory: then it stays where it is.
    virtual Owned<device::Packet> receive(wire::virtio_net::Header& header) = 0;
    /// False when it cannot be sent now; then it is lost, as on any wire.
    virtual bool send(const device::Packet& packet) = 0;
};

/// A TAP interface [linux Documentation/networking/tuntap] without waiting (O_NONBLOCK), with headers of virtio's kind (IFF_VNET_HDR, 12 bytes) and all
/// offloads. no_memory.
Result<Owned<Link>> open_tap(int descriptor);
/// A stream socket to a user-mode network, such as passt: each packet behind its length, four bytes, the highest first (QEMU's stream backend).
Result<Owned<Link>> open_stream(int descriptor);

}  // namespace spore::arch
