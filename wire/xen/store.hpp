// The store: a tree of names and values that all domains and the toolstack share, asked over a page with two rings
// [xen/include/public/io/xs_wire.h, docs/misc/xenstore.txt].
#pragma once

#include <array>
#include <string_view>

#include "base/bytes.hpp"

namespace spore::wire::xen {

inline constexpr u32 store_ring = 1024;
struct StorePage {
    std::byte requests[store_ring], answers[store_ring];
    u32 request_consumer, request_producer, answer_consumer, answer_producer;
};

enum class StoreCall : u32 { list = 1, read = 2, watch = 4, write = 11, changed = 15, error = 16 };  // changed: said without being asked
struct StoreHeader {
    le32 call, number, transaction, size;
};
static_assert(sizeof(StoreHeader) == 16 && alignof(StoreHeader) == 1);
inline constexpr u32 store_payload = 4096;  ///< at most

/// How far a device and its driver have come with each other.
enum class DeviceState : u32 { unknown = 0, starting = 1, waits = 2, told = 3, connected = 4, closing = 5, closed = 6 };

/// A number as the store has them: decimal digits, and no more. Nothing when it is none, or does not fit.
constexpr std::optional<u64> number_in(std::string_view text) {
    if (text.empty() || text.size() > 19) return std::nullopt;
    u64 number = 0;
    for (char digit : text) {
        if (digit < '0' || digit > '9') return std::nullopt;
        number = number * 10 + static_cast<u64>(digit - '0');
    }
    return number;
}

/// The six pairs of digits of a hardware address, with colons between them.
constexpr std::optional<std::array<u8, 6>> hardware_address_in(std::string_view text) {
    std::array<u8, 6> bytes{};
    if (text.size() != 17) return std::nullopt;
    for (std::size_t i = 0; i < 17; ++i) {
        if (i % 3 == 2) {
            if (text[i] != ':') return std::nullopt;
            continue;
        }
        char c = text[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        if (digit < 0) return std::nullopt;
        bytes[i / 3] = static_cast<u8>(bytes[i / 3] << 4 | digit);
    }
    return bytes;
}

/// The next name of a list, which are separated by zero bytes; empty at the end.
constexpr std::string_view next_name(std::string_view& list) {
    auto name = list.substr(0, list.find('\0'));
    list.remove_prefix(name.size() < list.size() ? name.size() + 1 : list.size());
    return name;
}

}  // namespace spore::wire::xen
