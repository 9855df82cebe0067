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

/// An integer stored in bytes, in the given order; alignof is 1, so structs of these lie on any buffer. Inlined even where code is compiled to be
/// small: a call costs more than the load that it stands for.
template <std::unsigned_integral T, std::endian order>
struct Stored {
    std::byte bytes[sizeof(T)];

    [[gnu::always_inline]] constexpr operator T() const { return turned(std::bit_cast<T>(*this)); }
    [[gnu::always_inline]] constexpr Stored& operator=(T value) { return *this = std::bit_cast<Stored>(turned(value)); }

private:
    [[gnu::always_inline]] static constexpr T turned(T value) { return order == std::endian::native ? value : std::byteswap(value); }
};
template <std::unsigned_integral T>
using Little = Stored<T, std::endian::little>;
template <std::unsigned_integral T>
using Big = Stored<T, std::endian::big>;

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
