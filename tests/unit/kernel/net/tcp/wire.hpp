#pragma once
#include <deque>
#include "kernel/device/packet.hpp"
#include "kernel/net/address.hpp"
#include "kernel/net/interface.hpp"
#include "kernel/net/binding.hpp"
namespace spore::net {
struct Wired { Owned<device::Packet> packet; IpAddress source, destination; u8 tc; };
extern std::deque<Wired> the_wire;
extern u16 the_mtu; extern u32 the_tso; extern u64 drops[];
Owned<Binding> make_binding(Endpoint e);
}
