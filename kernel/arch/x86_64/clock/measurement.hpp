// Measuring one counter by another when the CPU may be put off between any two instructions, as a virtual one is by its host.
//
// A read of the counter is enclosed by two reads of the TSC: how far those lie apart bounds how wrong the pair is, so that the tightest
// of several is kept, and a measurement knows its own error. Pure: the reads are passed in.
#pragma once

#include "../../common/clock/scale.hpp"
#include "base/types.hpp"

namespace spore::arch {

/// What a counter showed, at some moment between two readings of the TSC.
struct Sighting {
    u64 count = 0;
    u64 before = 0, after = 0;

    u64 width() const { return after - before; }
    u64 middle() const { return before + width() / 2; }
};

template <typename ReadTsc, typename ReadCounter>
Sighting sight(ReadTsc&& tsc, ReadCounter&& counter) {
    Sighting s;
    s.before = tsc();
    s.count = counter();
    s.after = tsc();
    return s;
}

/// The tightest of a few.
template <typename ReadTsc, typename ReadCounter>
Sighting sight_closely(ReadTsc&& tsc, ReadCounter&& counter, unsigned attempts = 4) {
    Sighting best = sight(tsc, counter);
    while (--attempts) {
        Sighting next = sight(tsc, counter);
        if (next.width() < best.width()) best = next;
    }
    return best;
}

/// The TSC's rate as measured, and by how much it may be wrong: `error` parts in 2^20.
struct MeasuredRate {
    u64 hertz = 0;
    u64 error = ~u64{0};
};
inline constexpr u64 error_unit = u64{1} << 20;

/// From two sightings of a counter of `frequency` Hz that lie `ticks` apart.
inline MeasuredRate rate_between(const Sighting& first, const Sighting& last, u64 ticks, u64 frequency) {
    if (!ticks) return {};
    u64 cycles = last.middle() - first.middle();
    if (!cycles) return {};
    // Each middle is off by half its width at most, the difference of the counts by one.
    u64 error = multiply_divide(first.width() / 2 + last.width() / 2 + 1, error_unit, cycles) + error_unit / ticks + 1;
    return {multiply_divide(cycles, frequency, ticks), error};
}

/// Whether both can be true.
inline bool agree(const MeasuredRate& a, const MeasuredRate& b) {
    u64 apart = a.hertz > b.hertz ? a.hertz - b.hertz : b.hertz - a.hertz;
    return apart <= multiply_divide(a.hertz, a.error, error_unit) + multiply_divide(b.hertz, b.error, error_unit);
}

/// How far a counter that wraps at mask + 1 has gone in about `expected` ticks, known to one part in 2^20 / `error`: 0 when that leaves
/// doubt how often it has wrapped.
inline u64 ticks_gone(u64 first, u64 last, u64 mask, u64 expected, u64 error) {
    u64 doubt = multiply_divide(expected, error, error_unit);
    if (doubt > mask / 4) return 0;
    u64 seen = (last - first) & mask;
    // As often as brings it nearest to what is expected.
    u64 wraps = expected + mask / 2 < seen ? 0 : (expected + mask / 2 - seen) / (mask + 1);
    u64 ticks = seen + wraps * (mask + 1);
    u64 distance = ticks > expected ? ticks - expected : expected - ticks;
    return distance <= mask / 4 ? ticks : 0;
}

/// A counter of known rate that wraps at mask + 1.
struct CounterKind {
    u64 frequency = 0;
    u64 mask = 0;
};

struct Measurement {
    Sighting first;  ///< for longer spans later
    MeasuredRate rate;
};

/// The TSC's rate from a span of `wanted` ticks, longer when the CPU is put off, until it is known to `tolerance` parts in 2^20. Hertz is 0
/// when the counter does not count. `rest` passes the time between two looks: to look costs a virtual machine's exit each time.
template <typename ReadTsc, typename ReadCounter, typename Rest>
Measurement measure(ReadTsc&& tsc, ReadCounter&& counter, Rest&& rest, CounterKind kind, u64 wanted, u64 tolerance) {
    // Between two looks the counter may have wrapped unseen when they lie this far apart, for any TSC above 500 MHz.
    u64 longest_gap = multiply_divide(kind.mask, 250'000'000, kind.frequency);
    Measurement m{.first = sight_closely(tsc, counter)};
    u64 seen_at = m.first.before;
    for (u32 polls = 0; polls < 200'000; ++polls) {
        Sighting last = sight(tsc, counter);
        u64 ticks = (last.count - m.first.count) & kind.mask;
        if (last.after - seen_at > longest_gap || ticks > 64 * wanted) {
            m = {.first = sight_closely(tsc, counter)};  // the first look was bad, or this one comes too late
            seen_at = m.first.before;
            continue;
        }
        seen_at = last.before;
        if (ticks >= wanted) {
            auto rate = rate_between(m.first, last, ticks, kind.frequency);
            if (rate.error < m.rate.error) m.rate = rate;
            if (m.rate.error <= tolerance) return m;
        }
        rest();
    }
    return m;
}

}  // namespace spore::arch
