// Points in time and spans of it, in nanoseconds.
#pragma once

#include "base/types.hpp"

namespace spore {

/// A signed span of time.
struct Duration {
    i64 nanoseconds = 0;

    static constexpr Duration ns(i64 n) { return {n}; }
    static constexpr Duration us(i64 n) { return {n * 1'000}; }
    static constexpr Duration ms(i64 n) { return {n * 1'000'000}; }
    static constexpr Duration seconds(i64 n) { return {n * 1'000'000'000}; }

    constexpr Duration operator+(Duration other) const { return {nanoseconds + other.nanoseconds}; }
    constexpr Duration operator-(Duration other) const { return {nanoseconds - other.nanoseconds}; }
    friend constexpr auto operator<=>(Duration, Duration) = default;
};

/// A point on the monotonic clock: nanoseconds since boot. `never` is later than every other.
struct Instant {
    u64 nanoseconds = 0;

    static constexpr Instant never() { return {~u64{0}}; }
    /// Saturates, so that "now + a very long time" stays in the future.
    constexpr Instant operator+(Duration d) const {
        u64 sum = nanoseconds + static_cast<u64>(d.nanoseconds);
        if (d.nanoseconds >= 0) return {sum < nanoseconds ? ~u64{0} : sum};
        return {sum > nanoseconds ? 0 : sum};
    }
    constexpr Duration operator-(Instant other) const {
        return {static_cast<i64>(nanoseconds - other.nanoseconds)};
    }
    friend constexpr auto operator<=>(Instant, Instant) = default;
};

}  // namespace spore
