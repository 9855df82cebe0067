// ICMP messages' common head, and their types in both versions [RFC 792, 4443].
#pragma once

#include "base/bytes.hpp"

namespace spore::wire::icmp {

struct Header {
    u8 type;
    u8 code;
    be16 checksum;
    be32 rest;  ///< identifier and sequence number; an MTU; a pointer

    /// [RFC 1191 4]: the low half.
    u32 v4_mtu() const { return rest & 0xffff; }
};
static_assert(sizeof(Header) == 8 && alignof(Header) == 1);

namespace v4 {
inline constexpr u8 echo_reply = 0, unreachable = 3, redirect = 5, echo_request = 8, time_exceeded = 11, parameter_problem = 12;
/// Codes of `unreachable` [RFC 792, 1122 3.2.2.1, 1812 5.2.7.1].
inline constexpr u8 net_unreachable = 0, host_unreachable = 1, protocol_unreachable = 2, port_unreachable = 3, fragmentation_needed = 4;
constexpr bool is_error(u8 type) {
    return type == unreachable || type == 4 || type == redirect || type == time_exceeded || type == parameter_problem;
}
}  // namespace v4

namespace v6 {
inline constexpr u8 unreachable = 1, too_big = 2, time_exceeded = 3, parameter_problem = 4, echo_request = 128, echo_reply = 129;
inline constexpr u8 port_unreachable = 4;  ///< a code of `unreachable`
constexpr bool is_error(u8 type) { return type < 128; }
}  // namespace v6

}  // namespace spore::wire::icmp
