// Measuring while the host puts the CPU off: the error that a measurement claims must cover the one it makes.
#include "kernel/arch/x86_64/clock/measurement.hpp"
#include "kernel/arch/x86_64/clock/reference.hpp"

#include <gtest/gtest.h>

#include <random>

namespace spore::arch {
namespace {

/// A CPU with a TSC and a counter, which runs on a machine that has others to run as well.
class Machine {
public:
    Machine(u64 seed, u64 hertz, CounterKind kind, unsigned put_off_in) : random_(seed), hertz_(hertz), kind_(kind), put_off_in_(put_off_in) {
        picoseconds_ = random_() % 1'000'000'000'000;
    }

    u64 tsc() {
        step(30'000);
        return static_cast<u64>(static_cast<unsigned __int128>(picoseconds_) * hertz_ / 1'000'000'000'000);
    }
    u64 count() {
        step(1'500'000);
        u64 ticks = static_cast<u64>(static_cast<unsigned __int128>(picoseconds_) * kind_.frequency / 1'000'000'000'000);
        step(700'000);
        return (ticks + offset_) & kind_.mask;
    }
    void pass(u64 milliseconds) { picoseconds_ += milliseconds * 1'000'000'000; }

private:
    /// About `length`; once in `put_off_in_` instructions a slice of somebody else's comes before, once after.
    void step(u64 length) {
        if (put_off_in_ && random_() % put_off_in_ == 0) picoseconds_ += random_() % 30'000'000'000;
        picoseconds_ += length / 2 + random_() % length;
        if (put_off_in_ && random_() % put_off_in_ == 0) picoseconds_ += random_() % 30'000'000'000;
    }

    std::mt19937_64 random_;
    u64 hertz_, picoseconds_;
    CounterKind kind_;
    unsigned put_off_in_;
    u64 offset_ = random_();
};

constexpr CounterKind pit{1'193'182, 0xffff}, acpi_timer{3'579'545, 0xff'ffff}, hpet{100'000'000, 0xffff'ffff};
constexpr u64 tolerance = error_unit / 100;

/// How wrong, in parts of 2^20 of what was measured.
u64 error_of(u64 measured, u64 truth) {
    u64 apart = measured > truth ? measured - truth : truth - measured;
    return apart * error_unit / measured;
}

class Measuring : public testing::TestWithParam<CounterKind> {};

TEST_P(Measuring, ClaimsTheErrorItMakesHoweverOftenItIsPutOff) {
    CounterKind kind = GetParam();
    u64 wanted = 180'000 * kind.frequency / 1'000'000'000;
    for (u64 seed = 0; seed < 400; ++seed) {
        u64 hertz = 1'000'000'000 + seed * 10'000'000;
        for (unsigned put_off_in : {0u, 1000u, 60u, 20u}) {
            Machine machine(seed, hertz, kind, put_off_in);
            auto tsc = [&] { return machine.tsc(); };
            auto count = [&] { return machine.count(); };
            auto m = measure(tsc, count, [] {}, kind, wanted, tolerance);
            ASSERT_NE(m.rate.hertz, 0u);
            ASSERT_LE(m.rate.error, tolerance) << seed << " put off once in " << put_off_in;
            ASSERT_LE(error_of(m.rate.hertz, hertz), m.rate.error + 1) << seed << " put off once in " << put_off_in;

            machine.pass(20 + seed % 200);
            auto last = sight_closely(tsc, count);
            u64 expected = multiply_divide(last.middle() - m.first.middle(), kind.frequency, m.rate.hertz);
            u64 ticks = ticks_gone(m.first.count, last.count, kind.mask, expected, m.rate.error);
            ASSERT_NE(ticks, 0u);
            auto better = rate_between(m.first, last, ticks, kind.frequency);
            ASSERT_LE(error_of(better.hertz, hertz), better.error + 1);
            ASSERT_TRUE(agree(m.rate, better));
        }
    }
}
INSTANTIATE_TEST_SUITE_P(Clock, Measuring, testing::Values(pit, acpi_timer, hpet));

TEST(Measurement, DoesNotGuessHowOftenACounterWrapped) {
    // One part in a hundred of ten wraps leaves doubt of a tenth of a wrap; of a hundred, of a whole one.
    EXPECT_EQ(ticks_gone(7, 7, 0xffff, 10 * 65536 + 300, tolerance), 10u * 65536);
    EXPECT_EQ(ticks_gone(7, 7, 0xffff, 100 * 65536, tolerance), 0u);
    // Nowhere near what is expected, either way.
    EXPECT_EQ(ticks_gone(0, 0x8000, 0xffff, 10 * 65536, error_unit / 1000), 0u);
    EXPECT_EQ(ticks_gone(0xfff0, 0x10, 0xffff, 0x20, error_unit / 1000), 0x20u);
}

TEST(Measurement, EndsWhereTheCounterStandsStill) {
    u64 cycles = 0;
    auto m = measure([&] { return cycles += 100; }, [] { return u64{5}; }, [] {}, pit, 200, tolerance);
    EXPECT_EQ(m.rate.hertz, 0u);
}

TEST(Measurement, DoesNotBelieveAClockThatStoodStill) {
    MeasuredRate first{.hertz = 2'000'000'000, .error = error_unit / 200};
    EXPECT_TRUE(agree(first, {.hertz = 2'009'000'000, .error = 100}));
    EXPECT_FALSE(agree(first, {.hertz = 2'020'000'000, .error = 100}));
}

TEST(Measurement, HpetsCountAsTheirSpecificationSays) {
    for (u32 period : {10'000'000u, 69'841'279u, 100'000'000u, 1'000'000u}) EXPECT_TRUE(is_hpet_period(period)) << period;
    for (u32 period : {0u, 1u, 1000u, 999'999u, 100'000'001u, ~0u}) EXPECT_FALSE(is_hpet_period(period)) << period;
}

}  // namespace
}  // namespace spore::arch
