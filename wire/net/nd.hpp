// Neighbour discovery: the ICMPv6 messages by which hosts and routers of a link find each other [RFC 4861 4].
#pragma once

#include <array>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "wire/net/ethernet.hpp"

namespace spore::wire::nd {

inline constexpr u8 router_solicitation = 133, router_advertisement = 134, neighbour_solicitation = 135, neighbour_advertisement = 136,
                    redirect = 137;
/// Whatever comes with another hop limit has passed a router: an outsider sent it [RFC 4861 6.1, 7.1].
inline constexpr u8 hop_limit = 255;

inline constexpr u8 option_source_link = 1, option_target_link = 2, option_prefix = 3, option_mtu = 5, option_rdnss = 25, option_dnssl = 31;

using Address = std::array<u8, 16>;

/// A neighbour solicitation or advertisement.
struct Neighbour {
    u8 type;
    u8 code;
    be16 checksum;
    be32 flags;  ///< of an advertisement
    u8 target[16];
};
static_assert(sizeof(Neighbour) == 24 && alignof(Neighbour) == 1);
inline constexpr u32 flag_router = 0x8000'0000, flag_solicited = 0x4000'0000, flag_override = 0x2000'0000;

struct RouterAdvertisement {
    u8 type;
    u8 code;
    be16 checksum;
    u8 hop_limit;
    u8 flags;  ///< managed 0x80, other configuration 0x40
    be16 lifetime;
    be32 reachable_time;
    be32 retransmit_timer;
};
static_assert(sizeof(RouterAdvertisement) == 16);
inline constexpr u8 flag_managed = 0x80, flag_other = 0x40;

struct RouterSolicitation {
    u8 type;
    u8 code;
    be16 checksum;
    be32 reserved;
};
static_assert(sizeof(RouterSolicitation) == 8);

struct LinkOption {
    u8 kind, size;
    u8 mac[6];
};
struct PrefixOption {
    u8 kind, size;
    u8 prefix_length;
    u8 flags;  ///< on-link 0x80, autonomous 0x40
    be32 valid, preferred, reserved;
    u8 prefix[16];
};
static_assert(sizeof(PrefixOption) == 32);
inline constexpr u8 flag_on_link = 0x80, flag_autonomous = 0x40;
struct MtuOption {
    u8 kind, size;
    be16 reserved;
    be32 mtu;
};
struct RdnssOption {
    u8 kind, size;
    be16 reserved;
    be32 lifetime;  ///< addresses follow
};
static_assert(sizeof(RdnssOption) == 8);

/// Calls visit(kind, option) for each option, a multiple of 8 bytes long. corrupt when a size is 0 or leaves the message.
template <typename F>
Result<void> for_each_option(ByteSpan options, F&& visit) {
    while (!options.empty()) {
        if (options.size() < 8) return fail(Error::corrupt);
        u32 size = static_cast<u8>(options[1]) * u32{8};
        if (size == 0 || size > options.size()) return fail(Error::corrupt);
        visit(static_cast<u8>(options[0]), options.first(size));
        options = options.subspan(size);
    }
    return {};
}

/// A checked solicitation or advertisement; `link` is null when the option that belongs to it is absent.
struct NeighbourMessage {
    const Neighbour* message;
    const u8* link;
};
/// truncated; corrupt when a rule of [RFC 4861 7.1.1, 7.1.2] is broken that can be seen in the message alone.
Result<NeighbourMessage> parse_neighbour(ByteSpan message);

/// A checked router advertisement. Its options are walked again by for_each_option, which cannot fail after this.
struct RouterMessage {
    const RouterAdvertisement* message;
    ByteSpan options;
};
Result<RouterMessage> parse_router(ByteSpan message);

/// The option as a struct, or null when its size is not that struct's (or less than it, for those that end in a list).
template <typename T>
const T* option_as(ByteSpan option) { return view_at<T>(option, 0); }

/// ff02::1:ffXX:XXXX of an address [RFC 4291 2.7.1].
constexpr Address solicited_node_group(const Address& address) {
    return {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, address[13], address[14], address[15]};
}
inline constexpr Address all_nodes = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
inline constexpr Address all_routers = {0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2};

}  // namespace spore::wire::nd
