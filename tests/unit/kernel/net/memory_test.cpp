// The IP layer without memory: whatever allocation fails, packets are lost and counted, and afterwards everything works and nothing is kept.
#include <gtest/gtest.h>

#include "kernel/memory/fault_injection.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/net/ip/reassembly.hpp"
#include "kernel/net/ping/ping.hpp"
#include "kernel/net/raw/raw.hpp"
#include "kernel/net/udp/udp.hpp"
#include "tests/fakes/net/stack.hpp"
#include "tests/unit/kernel/net/bytes.hpp"

namespace spore::net {
namespace {

using fakes::Bytes;

class MemoryTest : public testing::TestWithParam<int> {
protected:
    MemoryTest() {
        udp::start();
        ping::start();
    }
    fakes::Stack stack;
    bool refused = false;  ///< a program was told that there is no memory
    bool v4() const { return GetParam() == 4; }
    IpAddress own() const { return v4() ? stack.own_v4 : stack.own_v6; }
    IpAddress near() const { return v4() ? stack.peer_v4 : stack.peer_v6; }
    IpAddress far() const { return v4() ? stack.far_v4 : stack.far_v6; }

    /// A little of everything: answers, errors, fragments both ways, neighbours, groups.
    void everything() {
        u8 icmp = v4() ? 1 : 58;
        stack.peer.send({.source = near(), .destination = own(), .protocol = icmp}, fakes::icmp_message(near(), own(), v4() ? 8 : 128, 0, 1, fakes::pattern_bytes(600)));
        stack.peer.send({.source = far(), .destination = own(), .protocol = 17}, fakes::udp_datagram(far(), 9, own(), 999, fakes::text("nobody")));
        if (v4()) {
            auto whole = fakes::udp_datagram(near(), 9, own(), 999, fakes::pattern_bytes(3000));
            for (u32 at = 0; at < whole.size(); at += 1000)
                stack.peer.send({.source = near(), .destination = own(), .protocol = 17, .identification = 7, .more_fragments = at + 1000 < whole.size(), .fragment_offset = at},
                                Bytes(whole.begin() + at, whole.begin() + std::min<long>(at + 1000, static_cast<long>(whole.size()))));
        }
        if (auto socket = udp::create(nullptr)) {
            Endpoint to{near(), 5};
            refused |= !send_bytes(**socket, fakes::pattern_bytes(5000), {.to = &to});
            (void)(*socket)->join(fakes::ip(v4() ? "239.1.1.1" : "ff05::1"), 2);
        }
        if (auto socket = raw::create(v4() ? raw::Version::v4 : raw::Version::v6, 253, nullptr)) {
            Endpoint to{far(), 0};
            (void)send_bytes(**socket, fakes::text("raw"), {.to = &to});
            stack.peer.send({.source = near(), .destination = own(), .protocol = 253}, fakes::text("raw"));
        }
        stack.advance(Duration::seconds(40));  // beyond reassembly's patience and reports
        (void)stack.peer.take();
    }
};
INSTANTIATE_TEST_SUITE_P(Versions, MemoryTest, testing::Values(4, 6));

TEST_P(MemoryTest, AnyAllocationMayFail) {
    everything();
    u64 free = memory::memory_use().free;
    EXPECT_FALSE(refused);
    bool lost = false;
    for (u32 nth = 1; nth <= 60; ++nth) {
        memory::fail_allocation(nth);
        everything();
        memory::fail_allocation(0);
        lost |= refused || stack.drops(Drop::no_memory) > 0;
        everything();
        EXPECT_EQ(memory::memory_use().free, free) << "after failure of allocation " << nth;
    }
    EXPECT_TRUE(lost || !v4()) << "IPv6 takes less, where less is there";
    stack.peer.send({.source = near(), .destination = own(), .protocol = v4() ? u8{1} : u8{58}}, fakes::icmp_message(near(), own(), v4() ? 8 : 128, 0, 1, {}));
    EXPECT_EQ(stack.peer.take_one().payload.at(0), v4() ? 0 : 129);
}

}  // namespace
}  // namespace spore::net
