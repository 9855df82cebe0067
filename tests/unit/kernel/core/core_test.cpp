// Randomness and trace points.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <set>
#include <string>
#include <vector>

#include "kernel/core/chacha20.hpp"
#include "kernel/core/random.hpp"
#include "kernel/core/trace.hpp"
#include "tests/fakes/cpu.hpp"

namespace spore::core {
namespace {

TEST(ChaCha20, GivesTheBlockOfTheRfc) {  // [RFC 8439 2.3.2]
    ChaChaKey key;
    for (u32 i = 0; i < 8; ++i) key[i] = 0x0302'0100 + i * 0x0404'0404;
    auto block = chacha20_block(key, 1, {0x0900'0000, 0x4a00'0000, 0});
    EXPECT_EQ(block[0], 0xe4e7'f110u);
    EXPECT_EQ(block[1], 0x1559'3bd1u);
    EXPECT_EQ(block[15], 0x4e3c'50a2u);
}

TEST(Random, LooksRandomAtAnySize) {
    std::set<u64> seen;
    for (int i = 0; i < 10'000; ++i) EXPECT_TRUE(seen.insert(random_u64()).second);
    for (std::size_t size : {0u, 1u, 31u, 32u, 33u, 63u, 96u, 97u, 5000u}) {
        std::vector<std::byte> bytes(size + 1, std::byte{0x5a});
        fill_random({bytes.data(), size});
        EXPECT_EQ(bytes[size], std::byte{0x5a});
    }
    std::vector<u64> many(4096);
    fill_random(std::as_writable_bytes(std::span(many)));
    std::size_t ones = 0;
    for (u64 word : many) ones += std::bitset<64>(word).count();
    EXPECT_NEAR(static_cast<double>(ones), 4096 * 32, 2000);
}

TEST(Random, CpusDiffer) {
    fakes::set_cpu_count(2);
    random_u64();
    u64 first = random_u64();
    fakes::set_cpu(1);
    EXPECT_NE(random_u64(), first);
    fakes::set_cpu(0);
    fakes::set_cpu_count(1);
}

TEST(Random, EntropyChangesWhatFollows) {
    u64 value = 7;
    u64 before = random_u64();
    add_entropy(bytes_of(value));
    EXPECT_NE(random_u64(), before);
}

TRACE_POINT(test_point, "first second");

TEST(Trace, RecordsOnlyWhenEnabled) {
    std::array<TraceEvent, 4> ring;
    set_trace_ring(0, ring);
    auto recorded = [] {
        std::vector<u64> all;
        visit_trace(0, [](void* to, const TraceEvent& event) { static_cast<std::vector<u64>*>(to)->push_back(event.arguments[0]); }, &all);
        return all;
    };
    test_point(1);
    EXPECT_TRUE(recorded().empty());
    EXPECT_EQ(enable_trace_points("test_point"), 1u);
    for (u64 i = 2; i < 8; ++i) test_point(i);
    EXPECT_EQ(recorded(), (std::vector<u64>{4, 5, 6, 7}));
    test_point.enable(false);
    EXPECT_EQ(enable_trace_points("no such"), 0u);
}

}  // namespace
}  // namespace spore::core
