#include "wire/net/ipv6.hpp"

namespace spore::wire::ipv6 {

namespace {

using Answer = ChainError::Answer;

/// Hop-by-hop and destination options are a list of type, length, value; an unknown type says itself what is to be done [RFC 8200 4.2].
std::expected<void, ChainError> check_options(ByteSpan bytes, u32 begin, u32 end, bool& router_alert) {
    u32 count = 0;
    for (u32 at = begin; at < end;) {
        auto type = static_cast<u8>(bytes[at]);
        if (type == 0) { ++at; continue; }  // Pad1
        if (at + 1 >= end || ++count > max_options) return std::unexpected(ChainError{Answer::none});
        u32 size = static_cast<u8>(bytes[at + 1]);
        if (size > end - at - 2) return std::unexpected(ChainError{Answer::bad_field, false, at + 1});
        if (type == 5 && size == 2) router_alert = true;  // [RFC 2711]
        else if (type != 1) {                             // PadN
            switch (type >> 6) {
            case 0: break;
            case 1: return std::unexpected(ChainError{Answer::none});
            case 2: return std::unexpected(ChainError{Answer::unknown_option, true, at});
            case 3: return std::unexpected(ChainError{Answer::unknown_option, false, at});
            }
        }
        at += 2 + size;
    }
    return {};
}

}  // namespace

std::expected<Chain, ChainError> walk(ByteSpan bytes) {
    const auto& header = *reinterpret_cast<const Header*>(bytes.data());
    Chain chain{header.next, 0, 6};
    for (u32 count = 0;; ++count) {
        switch (chain.protocol) {
        case hop_by_hop: case routing: case destination_options: break;
        default: return chain;
        }
        u32 at = sizeof(Header) + chain.size;
        // Hop-by-hop options stand first or nowhere [RFC 8200 4.1].
        if (chain.protocol == hop_by_hop && count != 0)
            return std::unexpected(ChainError{Answer::unknown_header, false, chain.next_field});
        if (count == max_extension_headers || at + 8 > bytes.size()) return std::unexpected(ChainError{Answer::none});
        u32 size = (static_cast<u8>(bytes[at + 1]) + 1u) * 8;
        if (chain.size + size > max_extension_bytes || at + size > bytes.size()) return std::unexpected(ChainError{Answer::none});
        if (chain.protocol == routing) {
            // A host is the end of every route: with segments left it would have to forward [RFC 8200 4.4, 5095].
            if (static_cast<u8>(bytes[at + 3]) != 0) return std::unexpected(ChainError{Answer::bad_field, false, at + 2});
        } else if (auto ok = check_options(bytes, at + 2, at + size, chain.router_alert); !ok) {
            return std::unexpected(ok.error());
        }
        chain.protocol = static_cast<u8>(bytes[at]);
        chain.next_field = at;
        chain.size += size;
    }
}

}  // namespace spore::wire::ipv6
