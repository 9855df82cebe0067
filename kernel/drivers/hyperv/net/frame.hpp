// What goes in front of a frame to be sent: an RNDIS message that says how long it is and what the host is to complete.
#pragma once

#include "kernel/device/packet.hpp"
#include "wire/hyperv/rndis.hpp"

namespace spore::drivers::hyperv::netvsc {

/// At most.
inline constexpr u32 frame_head_size = sizeof(wire::rndis::Head) + sizeof(wire::rndis::Packet) + sizeof(wire::rndis::Info);

/// Of this packet.
u32 frame_head_size_of(const device::Packet& packet);
/// Writes it, and behind it the packet's first `size` bytes, its whole head at least, as the host wants them. There is room.
void write_frame(const device::Packet& packet, u32 size, std::byte* to);

}  // namespace spore::drivers::hyperv::netvsc
