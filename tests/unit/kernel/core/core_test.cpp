// Randomness and trace points.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bitset>
#include <cstring>
#include <set>
#include <string>
#include <thread>
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

using abi::TraceEvent;

struct SmallRing {
    std::vector<TraceRing::Slot> slots{8};
    TraceRing ring;
    SmallRing() { ring.add_block(slots); }
    std::vector<u64> first_arguments() const {
        std::vector<u64> all;
        for (u64 number = ring.first(); number < ring.end(); ++number)
            if (auto event = ring.read(number)) all.push_back(event->arguments[0]);
        return all;
    }
};

TEST(Trace, RecordsOnlyWhenAsked) {
    static SmallRing small;
    small.ring.restart();
    set_trace_ring(0, small.ring);
    set_trace_subject([] { return u32{42}; });
    trace(TracePoint::wake, 1);
    EXPECT_EQ(small.ring.end(), small.ring.start());
    set_traced_points(abi::trace_bit(TracePoint::wake));
    trace(TracePoint::timer, 2);
    for (u64 i = 3; i < 6; ++i) trace(TracePoint::wake, i);
    set_traced_points(0);
    trace(TracePoint::wake, 7);
    EXPECT_EQ(small.first_arguments(), (std::vector<u64>{3, 4, 5}));
}

TEST(Trace, OverwritesTheOldest) {
    SmallRing small;
    for (u64 i = 0; i < 21; ++i) small.ring.record(TracePoint::wake, 1, i, 0, 0);
    EXPECT_EQ(small.ring.first(), 13u);
    EXPECT_EQ(small.first_arguments(), (std::vector<u64>{14, 15, 16, 17, 18, 19, 20}));
    EXPECT_FALSE(small.ring.read(13));  // the next one may be on its way into its place
}

TEST(Trace, EventsAreOfWhoRuns) {
    static SmallRing small;
    small.ring.restart();
    set_trace_ring(0, small.ring);
    set_trace_subject([] { return u32{42}; });
    record_switch(7, 42, abi::TraceLeft::asleep);
    record(TracePoint::call_end, 39, static_cast<u64>(-2), 0);
    EXPECT_EQ(small.ring.read(small.ring.start())->thread, 7u);  // whom the processor leaves
    EXPECT_EQ(small.ring.read(small.ring.start())->arguments[0], 42u);
    auto event = small.ring.read(small.ring.start() + 1);
    EXPECT_EQ(event->thread, 42u);
    EXPECT_EQ(event->point, static_cast<u8>(TracePoint::call_end));
    EXPECT_EQ(event->arguments[1], static_cast<u64>(-2));
}

TEST(Trace, ForgetsWhatWasBeforeItBeginsAnew) {
    SmallRing small;
    for (u64 i = 0; i < 5; ++i) small.ring.record(TracePoint::wake, 1, i, 0, 0);
    small.ring.restart();
    EXPECT_EQ(small.ring.first(), small.ring.end());
    small.ring.record(TracePoint::wake, 1, 77, 0, 0);
    EXPECT_EQ(small.first_arguments(), (std::vector<u64>{77}));
    for (u64 i = 0; i < 10; ++i) small.ring.record(TracePoint::wake, 1, i, 0, 0);
    EXPECT_EQ(small.ring.first() - small.ring.start(), 3u);  // so many were lost
}

TEST(Trace, NamesOfThreadsAreKeptApart) {
    static SmallRing threads;
    threads.ring.restart();
    set_trace_ring(abi::trace_ring_of_threads, threads.ring);
    set_traced_points(abi::all_trace_points);
    trace_thread(TracePoint::thread_exec, 7, 5, "a name that is far too long");
    set_traced_points(0);
    auto event = threads.ring.read(threads.ring.start());
    EXPECT_EQ(event->thread, 7u);
    EXPECT_EQ(event->arguments[0], 5u);
    EXPECT_EQ(std::memcmp(event->arguments + 1, "a name that is f", 16), 0);
}

/// Whoever reads while another writes sees whole events or none.
TEST(Trace, ReadsNothingTornWhileOthersRecord) {
    SmallRing small;
    std::atomic<bool> over = false;
    std::thread writer([&] {
        for (u64 i = 0; !over; ++i) small.ring.record(TracePoint::wake, 1, i, i * 3, ~i);
    });
    u64 seen = 0, torn = 0;
    while (seen < 100'000) {
        for (u64 number = small.ring.first(), end = small.ring.end(); number < end; ++number) {
            auto event = small.ring.read(number);
            if (!event) continue;
            ++seen;
            torn += event->arguments[0] != number || event->arguments[1] != number * 3 || event->arguments[2] != ~number;
        }
    }
    over = true;
    writer.join();
    EXPECT_EQ(torn, 0u);
}

TEST(Trace, LargeRingsHaveSeveralBlocks) {
    std::vector<std::vector<TraceRing::Slot>> blocks;
    TraceRing ring;
    for (int i = 0; i < 4; ++i) ring.add_block(blocks.emplace_back(TraceRing::block_slots));
    constexpr u64 count = 4 * TraceRing::block_slots;
    for (u64 i = 0; i < count + 5; ++i) ring.record(TracePoint::wake, 1, i, 0, 0);
    EXPECT_EQ(ring.first(), 5u);
    u64 wrong = 0;
    for (u64 number = ring.first() + 1; number < ring.end(); ++number) wrong += ring.read(number).value().arguments[0] != number;
    EXPECT_EQ(wrong, 0u);
}

}  // namespace
}  // namespace spore::core
