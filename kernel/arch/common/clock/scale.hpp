// Products that take more than 64 bits.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// a * b / divisor through 128 bits, saturating: the compiler's own division would need a runtime library.
constexpr u64 multiply_divide(u64 a, u64 b, u64 divisor) {
    auto product = static_cast<unsigned __int128>(a) * b;
    u64 remainder = static_cast<u64>(product >> 64), low = static_cast<u64>(product);
    if (remainder == 0) return low / divisor;
    if (remainder >= divisor) return ~u64{0};
    for (int bit = 0; bit < 64; ++bit) {
        bool carry = remainder >> 63;
        remainder = remainder << 1 | low >> 63;
        low <<= 1;
        if (carry || remainder >= divisor) {
            remainder -= divisor;
            low |= 1;
        }
    }
    return low;
}
static_assert(multiply_divide(~u64{0}, 1'000'000'007, 1'000'000'009) == 18446744036816063799u);

}  // namespace spore::arch
