// Reading and writing fixed-width numbers in byte arrays, whatever their alignment: the building blocks of wire formats.
#pragma once

#include <bit>
#include <concepts>
#include <cstring>
#include <optional>
#include <span>

#include "base/types.hpp"

namespace spore {

using ByteSpan = std::span<const std::byte>;
using MutableByteSpan = std::span<std::byte>;

/// An integer stored little-endian in bytes; alignof is 1, so structs of these lie on any buffer.
template <std::unsigned_integral T>
struct Little {
    std::byte bytes[sizeof(T)];

    constexpr operator T() const {
        T value = 0;
        for (std::size_t i = sizeof(T); i-- > 0;) value = static_cast<T>((u64{value} << 8) | static_cast<u8>(bytes[i]));
        return value;
    }
    constexpr Little& operator=(T value) {
        for (auto& byte : bytes) byte = static_cast<std::byte>(value), value = static_cast<T>(u64{value} >> 8);
        return *this;
    }
};

/// An integer stored big-endian (network order) in bytes.
template <std::unsigned_integral T>
struct Big {
    std::byte bytes[sizeof(T)];

    constexpr operator T() const {
        T value = 0;
        for (auto byte : bytes) value = static_cast<T>((u64{value} << 8) | static_cast<u8>(byte));
        return value;
    }
    constexpr Big& operator=(T value) {
        for (std::size_t i = sizeof(T); i-- > 0; value = static_cast<T>(u64{value} >> 8)) bytes[i] = static_cast<std::byte>(value);
        return *this;
    }
};

using le16 = Little<u16>;
using le32 = Little<u32>;
using le64 = Little<u64>;
using be16 = Big<u16>;
using be32 = Big<u32>;
using be64 = Big<u64>;
static_assert(alignof(le64) == 1 && sizeof(be32) == 4);

/// The part of `bytes` at [offset, offset + length), or nothing when that leaves it.
constexpr std::optional<ByteSpan> slice(ByteSpan bytes, u64 offset, u64 length) {
    if (offset > bytes.size() || length > bytes.size() - offset) return std::nullopt;
    return bytes.subspan(offset, length);
}

/// Views the bytes at `offset` as a wire struct (alignof 1), or null when they leave the buffer.
template <typename T>
    requires(alignof(T) == 1 && std::is_trivially_copyable_v<T>)
const T* view_at(ByteSpan bytes, u64 offset) {
    auto part = slice(bytes, offset, sizeof(T));
    return part ? reinterpret_cast<const T*>(part->data()) : nullptr;
}

/// The bytes of any trivially copyable object.
template <typename T>
    requires std::is_trivially_copyable_v<T>
ByteSpan bytes_of(const T& object) { return std::as_bytes(std::span<const T, 1>(&object, 1)); }

}  // namespace spore
