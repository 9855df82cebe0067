// Modes and flags as people read them.
#pragma once

#include <string_view>

#include "base/types.hpp"

namespace spore::linux {

/// A number's octal digits; "0" for nothing.
class Octal {
public:
    explicit Octal(u32 number) {
        do digits_[sizeof digits_ - ++used_] = static_cast<char>('0' + number % 8);
        while (number /= 8);
    }
    std::string_view view() const { return {digits_ + sizeof digits_ - used_, used_}; }

private:
    char digits_[11];  // 32 bits
    std::size_t used_ = 0;
};

}  // namespace spore::linux
