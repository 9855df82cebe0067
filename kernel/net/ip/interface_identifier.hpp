// The last 64 bits of an address, made from the MAC address [RFC 4291 A, 2464 4].
#pragma once

#include "kernel/net/interface.hpp"

namespace spore::net {

/// `prefix`'s first 64 bits, and the interface's identifier.
inline IpAddress address_in(const IpAddress& prefix, const device::MacAddress& mac) {
    auto bytes = prefix.bytes();
    auto& m = mac.bytes;
    const u8 identifier[8] = {static_cast<u8>(m[0] ^ 2), m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]};
    std::memcpy(bytes.data() + 8, identifier, sizeof identifier);
    return IpAddress::v6(bytes);
}

}  // namespace spore::net
