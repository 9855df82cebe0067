// DHCPv6 messages between a client and a server, and their options [RFC 8415 8, 21; 3646].
#pragma once

#include <array>
#include <optional>

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore::wire::dhcp6 {

inline constexpr u16 server_port = 547, client_port = 546;

enum class Type : u8 { solicit = 1, advertise, request, confirm, renew, rebind, reply, release, decline, reconfigure, information_request };

namespace option {
inline constexpr u16 client = 1, server = 2, ia_na = 3, ia_address = 5, wanted = 6, elapsed = 8, status = 13, name_servers = 23, domains = 24, refresh_time = 32;
}

struct Header {
    u8 type;
    u8 transaction[3];
};
static_assert(sizeof(Header) == 4 && alignof(Header) == 1);
struct Option {
    be16 code, size;
};
static_assert(sizeof(Option) == 4);
/// What IA_NA begins with; its own options follow.
struct IdentityAssociation {
    be32 identity, renew, rebind;
};
static_assert(sizeof(IdentityAssociation) == 12);
struct AddressOption {
    u8 address[16];
    be32 preferred, valid;
};
static_assert(sizeof(AddressOption) == 24);

/// What a server says of its answer [21.13].
enum class Status : u16 { success = 0, unspecified_failure, no_addresses, no_binding, not_on_link, use_multicast };

/// What identifies a client or server [11.1]; servers' own are opaque.
inline constexpr std::size_t max_identity = 130;

/// Calls visit(code, bytes) for each option. corrupt when one leaves the bytes.
template <typename F>
Result<void> for_each_option(ByteSpan bytes, F&& visit) {
    while (!bytes.empty()) {
        const auto* head = view_at<Option>(bytes, 0);
        if (!head || head->size > bytes.size() - sizeof(Option)) return fail(Error::corrupt);
        visit(u16{head->code}, bytes.subspan(sizeof(Option), head->size));
        bytes = bytes.subspan(sizeof(Option) + head->size);
    }
    return {};
}

/// An address and how long it is granted, in seconds; ~0 is for ever.
struct Grant {
    std::array<u8, 16> address{};
    u32 preferred = 0, valid = 0, renew = 0, rebind = 0;
};

/// A checked message: all its options lie within it.
class Message {
public:
    /// truncated; corrupt.
    static Result<Message> parse(ByteSpan bytes);

    Type type() const { return static_cast<Type>(header_->type); }
    u32 transaction() const { return u32{header_->transaction[0]} << 16 | u32{header_->transaction[1]} << 8 | header_->transaction[2]; }
    /// The first option of the code.
    std::optional<ByteSpan> option(u16 code) const;
    /// Of the whole answer, or else of the association with this identity.
    Status status(u32 identity) const;
    /// The first address of the association with this identity that can be used. not_found: the server grants none, or takes back what it has granted;
    /// no_data: it says nothing of any, or what contradicts itself.
    Result<Grant> grant(u32 identity) const;

private:
    /// The association's option; empty when there is none.
    ByteSpan association(u32 identity) const;
    const Header* header_ = nullptr;
    ByteSpan options_;
};

/// Writes a client's message.
class Writer {
public:
    /// `into`: room for all that is written, which its caller knows.
    Writer(MutableByteSpan into, Type type, u32 transaction);
    void option(u16 code, ByteSpan bytes);
    /// One option whose contents are those written until end().
    std::size_t begin(u16 code, ByteSpan bytes);
    void end(std::size_t begun);
    u32 size() const { return static_cast<u32>(size_); }

private:
    MutableByteSpan into_;
    std::size_t size_ = sizeof(Header);
};

}  // namespace spore::wire::dhcp6
