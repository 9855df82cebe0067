// What connections may take of the machine's memory, all together.
#include <gtest/gtest.h>

#include <deque>

#include "kernel/device/packet.hpp"
#include "kernel/net/tcp/memory.hpp"

namespace spore::net::tcp {
namespace {

TEST(TcpCharge, WhoComesWhenAllIsTakenStillGetsOneSegment) {
    constexpr u32 segment = sizeof(device::Packet) + page_size;
    u64 before = memory_in_use();
    {
        std::deque<Charge> others(1);
        for (u32 part : {1u << 20, 1u << 15})
            while (others.back().add(part)) others.emplace_back();
        Charge late;
        EXPECT_TRUE(late.add(segment));
        EXPECT_FALSE(late.add(1u << 20)) << "and no more";
        late.remove(segment);
        EXPECT_EQ(late.used(), 0u);
    }
    EXPECT_EQ(memory_in_use(), before);
}

}  // namespace
}  // namespace spore::net::tcp
