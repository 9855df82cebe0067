// Modes and flags as people read them.
#pragma once

#include <string_view>

#include "base/types.hpp"

namespace spore::linux {

/// A number's octal digits; "0" for nothing.
class Octal {
public:
    /// With zeros before it where it has fewer than `least` digits, of which there are at most 11.
    explicit Octal(u32 number, std::size_t least = 1) {
        do digits_[sizeof digits_ - ++used_] = static_cast<char>('0' + number % 8);
        while ((number /= 8) || used_ < least);
    }
    std::string_view view() const { return {digits_ + sizeof digits_ - used_, used_}; }

private:
    char digits_[11];  // 32 bits
    std::size_t used_ = 0;
};

}  // namespace spore::linux
