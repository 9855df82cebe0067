// Dates, as machines' clocks tell them.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// Days since 1970-01-01 of a Gregorian date.
constexpr i64 days_since_epoch(i64 y, u32 m, u32 d) {
    y -= m <= 2;
    i64 era = y / 400;
    u32 year_of_era = static_cast<u32>(y - era * 400);
    u32 day_of_year = (153 * (m > 2 ? m - 3 : m + 9) + 2) / 5 + d - 1;
    u32 day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    return era * 146097 + day_of_era - 719468;
}
static_assert(days_since_epoch(1970, 1, 1) == 0 && days_since_epoch(2024, 2, 29) == 19782);

}  // namespace spore::arch
