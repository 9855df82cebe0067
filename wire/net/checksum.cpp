#include "wire/net/checksum.hpp"

namespace spore::wire {

namespace {

u64 load(const std::byte* at) {
    u64 word;
    std::memcpy(&word, at, 8);
    return word;
}

/// A carry chain over 32 bytes a turn: one add-with-carry each 8.
u64 sum_words(const std::byte*& at, std::size_t& left) {
    u64 sum = 0;
    while (left >= 32) {
        unsigned long long carry = 0;
        sum = __builtin_addcll(sum, load(at), carry, &carry);
        sum = __builtin_addcll(sum, load(at + 8), carry, &carry);
        sum = __builtin_addcll(sum, load(at + 16), carry, &carry);
        sum = __builtin_addcll(sum, load(at + 24), carry, &carry);
        sum += carry;
        if (sum < carry) ++sum;
        at += 32;
        left -= 32;
    }
    while (left >= 8) {
        u64 word = load(at);
        sum += word;
        sum += sum < word;
        at += 8;
        left -= 8;
    }
    return sum;
}

}  // namespace

void InternetSum::add(ByteSpan bytes) {
    const auto* at = bytes.data();
    auto left = bytes.size();
    u64 sum = sum_words(at, left);
    u64 rest = 0;
    for (unsigned shift = 0; left > 0; --left, shift += 8) rest |= u64{static_cast<u8>(*at++)} << shift;
    sum += rest;
    sum += sum < rest;
    // A piece that begins at an odd place has its bytes in the other halves of their words: the sum turned by one byte [RFC 1071 2(B)].
    if (odd_) sum = sum << 8 | sum >> 56;
    value_ += sum;
    value_ += value_ < sum;
    odd_ ^= bytes.size() & 1;
}

}  // namespace spore::wire
