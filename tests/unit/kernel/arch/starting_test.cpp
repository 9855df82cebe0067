// Processors that are started, and come late or twice.
#include "kernel/arch/common/cpu/starting.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace spore::arch {

// In place of machines' own: what a slot holds is theirs to know.
Result<CpuLocal*> create_local(u32 id) { return reinterpret_cast<CpuLocal*>(u64{id}); }
void prepare_cpu(CpuLocal&) {}
void count_cpus(u32) {}

namespace {

/// As machines' entry code does it: whether the processor is given a slot.
bool draw(u32& next, u32 count) { return __atomic_fetch_add(&next, 1, __ATOMIC_ACQ_REL) < count; }

TEST(Starting, KeepsAProcessorOnce) {
    for (u64 processor : {7, 7, 9, 7, 9}) note_processor(processor);
    auto noted = noted_processors();
    EXPECT_EQ(std::vector(noted.begin(), noted.end()), (std::vector<u64>{7, 9}));
    for (u64 processor = 100; processor < 100 + 2 * max_cpus; ++processor) note_processor(processor);
    EXPECT_EQ(noted_processors().size(), max_cpus - 1);
}

TEST(Starting, WhoComesAfterTheDrawStops) {
    u32 next = 0, count = fill_slots(3), drawn = 0;
    ASSERT_EQ(count, 3u);
    EXPECT_EQ(processor_slots[2].cpu, reinterpret_cast<CpuLocal*>(u64{3}));
    drawn += draw(next, count);
    drawn += draw(next, count);
    EXPECT_EQ(drawn, 2u);
    // These have drawn, but are not ready for a while: they are waited for.
    std::thread late([] {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        for (int i = 0; i < 2; ++i) std::thread(arrive).detach();
    });
    EXPECT_EQ(end_draw(next, count), 2u);
    EXPECT_EQ(arrivals(), 2u);
    for (int i = 0; i < 100; ++i) EXPECT_FALSE(draw(next, count));
    late.join();
}

}  // namespace
}  // namespace spore::arch
