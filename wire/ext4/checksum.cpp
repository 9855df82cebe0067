#include "wire/ext4/checksum.hpp"

#include <array>

namespace spore::wire::ext4 {
namespace {

constexpr u32 polynomial = 0x82f6'3b78;  // Castagnoli's, bits in reverse [RFC 3720 12.1]

constexpr auto table = [] {
    std::array<u32, 256> made{};
    for (u32 i = 0; i < made.size(); ++i) {
        u32 value = i;
        for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? polynomial : 0);
        made[i] = value;
    }
    return made;
}();

}  // namespace

u32 checksum(u32 before, ByteSpan bytes) {
    for (auto byte : bytes) before = table[(before ^ static_cast<u8>(byte)) & 0xff] ^ before >> 8;
    return before;
}

}  // namespace spore::wire::ext4
