// Addresses of hosts and of their ends of conversations. IPv4 addresses are kept in their IPv6 form, ::ffff:a.b.c.d [RFC 4291 2.5.5.2]: one
// type, one table and one code path serve both.
#pragma once

#include <array>
#include <bit>
#include <compare>

#include "base/bytes.hpp"

namespace spore::net {

class IpAddress {
public:
    constexpr IpAddress() = default;  ///< ::, the unspecified IPv6 address
    static constexpr IpAddress v6(const std::array<u8, 16>& bytes) { IpAddress a; a.bytes_ = bytes; return a; }
    /// In host order: v4(0x7f000001) is 127.0.0.1.
    static constexpr IpAddress v4(u32 address) {
        IpAddress a;
        a.bytes_ = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, static_cast<u8>(address >> 24), static_cast<u8>(address >> 16),
                    static_cast<u8>(address >> 8), static_cast<u8>(address)};
        return a;
    }
    static constexpr IpAddress any_v4() { return v4(0); }

    constexpr bool is_v4() const {
        auto words = halves();
        return words[0] == 0 && static_cast<u32>(words[1]) == 0xffff'0000;
    }
    /// Of an IPv4 address, in host order.
    constexpr u32 v4_value() const { return __builtin_bswap32(static_cast<u32>(halves()[1] >> 32)); }
    /// As two words, for those who compare, mix or copy: the bytes as they lie in memory.
    constexpr std::array<u64, 2> halves() const { return std::bit_cast<std::array<u64, 2>>(bytes_); }
    constexpr const std::array<u8, 16>& bytes() const { return bytes_; }
    /// As on the wire: 4 or 16 bytes.
    ByteSpan wire_bytes() const { return std::as_bytes(std::span(bytes_)).subspan(is_v4() ? 12 : 0); }

    /// 0.0.0.0 or ::
    constexpr bool is_unspecified() const { return is_v4() ? v4_value() == 0 : *this == IpAddress(); }
    constexpr bool is_loopback() const {
        if (is_v4()) return bytes_[12] == 127;
        return halves()[0] == 0 && halves()[1] == u64{1} << 56;
    }
    constexpr bool is_multicast() const { return is_v4() ? (bytes_[12] & 0xf0) == 0xe0 : bytes_[0] == 0xff; }
    /// 255.255.255.255; broadcasts of a network are the routing table's to know.
    constexpr bool is_limited_broadcast() const { return is_v4() && v4_value() == ~u32{0}; }
    constexpr bool is_link_local() const {
        return is_v4() ? bytes_[12] == 169 && bytes_[13] == 254 : bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
    }
    constexpr bool same_family(const IpAddress& other) const { return is_v4() == other.is_v4(); }

    /// Word by word: the arrays' own comparison calls memcmp, and several happen for each packet.
    friend constexpr bool operator==(const IpAddress& a, const IpAddress& b) {
        auto x = a.halves(), y = b.halves();
        return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
    }
    friend constexpr auto operator<=>(const IpAddress&, const IpAddress&) = default;

private:
    alignas(8) std::array<u8, 16> bytes_{};
};

/// An address and a port: one end of a conversation.
struct Endpoint {
    IpAddress address;
    u16 port = 0;   ///< host order
    u32 scope = 0;  ///< the interface's index, for addresses that mean something on one link only

    friend constexpr bool operator==(const Endpoint&, const Endpoint&) = default;
};

/// A network: the addresses that share `length` leading bits with `base`. For IPv4, length counts the IPv6 form's bits: /24 is 120.
struct Prefix {
    IpAddress base;
    u8 length = 0;

    /// With an address within the network in place of its base.
    static constexpr Prefix around(const IpAddress& address, u8 length) {
        auto bytes = address.bytes();
        for (unsigned i = 0; i < 16; ++i) {
            unsigned kept = length <= i * 8 ? 0 : length - i * 8 < 8 ? length - i * 8 : 8;
            bytes[i] = static_cast<u8>(bytes[i] & 0xff00u >> kept);
        }
        return {IpAddress::v6(bytes), length};
    }
    static constexpr Prefix v4(u32 base, u8 length) { return {IpAddress::v4(base), static_cast<u8>(96 + length)}; }
    constexpr bool contains(const IpAddress& address) const {
        auto differing = [&](unsigned half) { return __builtin_bswap64(address.halves()[half] ^ base.halves()[half]); };
        if (length <= 64) return length == 0 || differing(0) >> (64 - length) == 0;
        return differing(0) == 0 && differing(1) >> (128 - length) == 0;
    }
};

}  // namespace spore::net
