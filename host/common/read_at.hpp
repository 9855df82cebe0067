// Structures of this machine's, such as <elf.h> has, out of bytes that may lie at any address.
#pragma once

#include <cstring>

#include "base/bytes.hpp"

namespace spore::host {

/// Nothing when it would leave the bytes.
template <typename T>
    requires std::is_trivially_copyable_v<T>
std::optional<T> read_at(ByteSpan bytes, u64 offset) {
    auto part = slice(bytes, offset, sizeof(T));
    if (!part) return std::nullopt;
    T value;
    std::memcpy(&value, part->data(), sizeof value);
    return value;
}

}  // namespace spore::host
