// Who is who on a network of machines (--network lan=NAME). It is laid out as QEMU's user network is: the gateway leads out through this machine, the
// name server answers; each member has a number, from which its addresses follow.
#pragma once

#include "base/bytes.hpp"
#include "host/plan/network.hpp"

namespace spore::host::lan {

inline constexpr u32 network_v4 = 0x0a00'0200;  ///< 10.0.2.0/24
inline constexpr u32 gateway_v4 = network_v4 | 2, name_server_v4 = network_v4 | 3;
/// fec0::/64, as QEMU's user network has it.
inline constexpr std::array<u8, 16> network_v6{0xfe, 0xc0};
inline constexpr unsigned first_member = 16, last_member = 250;

constexpr u32 member_v4(unsigned number) { return network_v4 | number; }
constexpr std::array<u8, 16> member_v6(unsigned number) {
    auto address = network_v6;
    address[15] = static_cast<u8>(number);
    return address;
}
/// Locally administered, as QEMU's are.
constexpr MacAddress member_mac(unsigned number) { return {0x52, 0x54, 0, 0x10, 0, static_cast<u8>(number)}; }

}  // namespace spore::host::lan
