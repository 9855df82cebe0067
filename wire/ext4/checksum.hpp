// CRC32C as ext4 and JBD2 use it: the running value, neither inverted at the beginning nor at the end.
#pragma once

#include "base/bytes.hpp"

namespace spore::wire::ext4 {

inline constexpr u32 checksum_start = ~u32{0};
u32 checksum(u32 before, ByteSpan bytes);
inline u32 checksum_number(u32 before, u32 number) {
    le32 stored;
    stored = number;
    return checksum(before, bytes_of(stored));
}

}  // namespace spore::wire::ext4
