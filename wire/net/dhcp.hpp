// DHCP messages and their options [RFC 2131 2, 2132, 3396, 3397, 3442].
#pragma once

#include <optional>
#include <string_view>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore::wire::dhcp {

inline constexpr u16 server_port = 67, client_port = 68;
/// Relays drop shorter ones [RFC 1542 2.1].
inline constexpr u32 min_size = 300;

enum class Type : u8 { discover = 1, offer, request, decline, ack, nak, release, inform };

namespace option {
inline constexpr u8 pad = 0, subnet_mask = 1, router = 3, name_server = 6, host_name = 12, domain_name = 15, mtu = 26, requested_address = 50,
                    lease_time = 51, overload = 52, type = 53, server = 54, parameters = 55, max_size = 57, renewal_time = 58,
                    rebinding_time = 59, client = 61, full_name = 81, domain_search = 119, classless_routes = 121, end = 255;
}

struct Header {
    u8 operation;  ///< 1: request, 2: reply
    u8 hardware_type, hardware_size, hops;
    be32 transaction;
    be16 seconds, flags;
    be32 client, your, server, relay;
    u8 hardware[16];
    u8 server_name[64], file[128];
    be32 cookie;
};
static_assert(sizeof(Header) == 240 && alignof(Header) == 1);
inline constexpr u8 request = 1, reply = 2, ethernet = 1;
inline constexpr u16 flag_broadcast = 0x8000;
inline constexpr u32 magic = 0x63825363;

/// A checked reply: all its options lie within it.
class Message {
public:
    /// truncated; not_supported (no DHCP reply over Ethernet); corrupt.
    static Result<Message> parse(ByteSpan bytes);

    const Header& header() const { return *header_; }
    Type type() const { return type_; }
    /// The option's bytes, copied together when it comes in pieces [RFC 3396]. Nothing when it is absent, or more than fits.
    std::optional<ByteSpan> option(u8 code, MutableByteSpan into) const;
    std::optional<u32> number32(u8 code) const;
    std::optional<u16> number16(u8 code) const;

private:
    const Header* header_ = nullptr;
    ByteSpan parts_[3];  ///< where options are: their field, then the file's and the server name's when they are overloaded
    Type type_ = Type::discover;
};

/// Calls visit(destination, prefix length, gateway) for each of option 121's routes [RFC 3442]. corrupt.
template <typename F>
Result<void> for_each_route(ByteSpan bytes, F&& visit) {
    while (!bytes.empty()) {
        auto length = static_cast<u8>(bytes[0]);
        u32 significant = (length + 7u) / 8;
        if (length > 32 || bytes.size() < 1 + significant + 4) return fail(Error::corrupt);
        u32 destination = 0, gateway = 0;
        for (u32 i = 0; i < 4; ++i) {
            destination = destination << 8 | (i < significant ? static_cast<u8>(bytes[1 + i]) : 0);
            gateway = gateway << 8 | static_cast<u8>(bytes[1 + significant + i]);
        }
        if (length < 32) destination &= ~(~u32{0} >> length);
        visit(destination, length, gateway);
        bytes = bytes.subspan(1 + significant + 4);
    }
    return {};
}

/// Domain names in DNS form, compressed against the option's own beginning [RFC 3397, 1035 4.1.4], as text with spaces between. How many
/// characters were written; names that do not fit, or have characters that no host's name has, end it.
std::size_t write_names(ByteSpan bytes, std::span<char> into);
/// Whether the text may stand in a file of settings as a domain's name.
bool is_domain_name(std::string_view text);

/// Writes a client's message behind its header.
class Writer {
public:
    /// `into`: at least min_size bytes.
    Writer(MutableByteSpan into, const Header& header);
    /// Left out when there is no room.
    void option(u8 code, ByteSpan bytes);
    void number32(u8 code, u32 value);
    /// How many bytes the message has.
    u32 finish();

private:
    MutableByteSpan into_;
    u32 size_;
};

}  // namespace spore::wire::dhcp
