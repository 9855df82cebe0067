// The Internet checksum [RFC 1071]: the one's complement sum of 16-bit words. It does not depend on the byte order that it is computed in
// [RFC 1071 2(B)], so 64-bit words are added as they lie in memory, and only the result is turned round.
#pragma once

#include "base/bytes.hpp"

namespace spore::wire {

/// A sum on its way. Bytes come in pieces of any size; a piece of odd size shifts those that follow by one.
class InternetSum {
public:
    constexpr InternetSum() = default;
    /// Begins with what fold() gave elsewhere.
    explicit constexpr InternetSum(u16 folded) { add(folded); }

    constexpr void add(u16 word) { add_native(__builtin_bswap16(word)); }
    constexpr void add(u32 words) { add_native(__builtin_bswap32(words)); }
    void add(ByteSpan bytes);

    /// The sum in host order, not inverted.
    constexpr u16 fold() const {
        u64 sum = (value_ & 0xffff'ffff) + (value_ >> 32);
        sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
        sum = (sum & 0xffff) + (sum >> 16);
        sum = (sum & 0xffff) + (sum >> 16);
        return __builtin_bswap16(static_cast<u16>(sum));
    }
    /// What a checksum field holds.
    constexpr u16 checksum() const { return static_cast<u16>(~fold()); }
    /// Data together with its own checksum sums up to all ones.
    constexpr bool verifies() const { return fold() == 0xffff; }

private:
    constexpr void add_native(u64 word) {
        if (odd_) word = word << 8;  // at most 40 bits: nothing is lost
        value_ += word;
        value_ += value_ < word;
    }
    u64 value_ = 0;
    bool odd_ = false;
};

/// The checksum of one contiguous piece.
inline u16 checksum_of(ByteSpan bytes) {
    InternetSum sum;
    sum.add(bytes);
    return sum.checksum();
}

/// A header's checksum after one 16-bit field has changed [RFC 1624 3, equation 3].
constexpr u16 update_checksum(u16 checksum, u16 before, u16 after) {
    u32 sum = u32{static_cast<u16>(~checksum)} + static_cast<u16>(~before) + after;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<u16>(~sum);
}

/// The sum of an IPv4 header without options, which lies in 20 bytes: five words, no loop.
inline u16 sum_of_20(const std::byte* header) {
    u64 a, b;
    u32 c;
    std::memcpy(&a, header, 8);
    std::memcpy(&b, header + 8, 8);
    std::memcpy(&c, header + 16, 4);
    u64 sum = (a & 0xffff'ffff) + (a >> 32) + (b & 0xffff'ffff) + (b >> 32) + c;
    sum = (sum & 0xffff) + (sum >> 16 & 0xffff) + (sum >> 32);
    sum = (sum & 0xffff) + (sum >> 16);
    return __builtin_bswap16(static_cast<u16>((sum & 0xffff) + (sum >> 16)));
}

}  // namespace spore::wire
