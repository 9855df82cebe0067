// Products that take more than 64 bits.
#pragma once

#include <algorithm>
#include <bit>

#include "base/types.hpp"

namespace spore::arch {

/// a * b / divisor through 128 bits, saturating: the compiler's own division would need a runtime library.
constexpr u64 multiply_divide(u64 a, u64 b, u64 divisor) {
    auto product = static_cast<unsigned __int128>(a) * b;
    u64 remainder = static_cast<u64>(product >> 64), low = static_cast<u64>(product);
    if (remainder == 0) return low / divisor;
    if (remainder >= divisor) return ~u64{0};
    // As many bits at a time as the divisor leaves room for: arm64 cannot divide more than 64 bits, and each timer asks for this.
    unsigned room = static_cast<unsigned>(std::countl_zero(divisor));
    u64 quotient = 0;
    for (unsigned left = 64; left > 0;) {
        unsigned bits = std::clamp(room, 1u, left);
        bool carry = room == 0 && remainder >> 63;
        u64 part = remainder << bits | low >> (64 - bits);
        u64 digit = carry ? 1 : part / divisor;
        remainder = part - digit * divisor;  // after a carry, by wrapping around
        quotient = quotient << bits | digit;
        low <<= bits;
        left -= bits;
    }
    return quotient;
}
static_assert(multiply_divide(~u64{0}, 1'000'000'007, 1'000'000'009) == 18446744036816063799u);

}  // namespace spore::arch
