// What goes through Hyper-V's network cards, with a host that keeps the rules.
#include "kernel/memory/fault_injection.hpp"
#include "tests/unit/kernel/drivers/hyperv/net_rig.hpp"

namespace spore::drivers::hyperv::netvsc {
namespace {

namespace rndis = wire::rndis;
using device::Checksum;
using fakes::Bytes;
using fakes::make_frame;
using fakes::make_packet;
using fakes::operator+;

class HypervNet : public testing::Test, protected Rig {};

TEST_F(HypervNet, FramesOfAllSizesAreSent) {
    start();
    for (std::size_t size : {14u, 60u, 200u, 257u, 1514u, 6100u, 6101u, 9000u, 60000u}) {
        transmit(make_packet(make_frame(size)));
        ASSERT_EQ(host.take_wire(), std::vector<Bytes>{make_frame(size)}) << size;
        EXPECT_EQ(host.sent.back().in_section, size <= 6100) << size;
        EXPECT_FALSE(host.sent.back().sums);
        run();
        EXPECT_EQ(net->untaken(), 0u);
    }
    EXPECT_EQ(net->counters(0).packets_sent, 9u);
    EXPECT_EQ(net->counters(0).bytes_sent, 14u + 60 + 200 + 257 + 1514 + 6100 + 6101 + 9000 + 60000);
    EXPECT_EQ(net->counters(1).packets_sent, 0u);
}

TEST_F(HypervNet, FramesOfAllSizesAreReceived) {
    start();
    for (u32 round = 0; round < 300; ++round) {
        auto frame = make_frame(14 + round * 211 % 60000, static_cast<u8>(round));
        ASSERT_TRUE(host.deliver({frame})) << round;
        ASSERT_EQ(received_whole(), frame) << round;
        EXPECT_EQ(packet->checksum, Checksum::unknown);
        EXPECT_EQ(packet->layer_offset(device::Layer::link), 0);
        EXPECT_EQ(host.undelivered(), 0u);
    }
    EXPECT_EQ(net->counters(0).packets_received, 300u);
}

TEST_F(HypervNet, SegmentsAndSumsAreTheHosts) {
    start();
    for (bool v4 : {true, false}) {
        transmit(fakes::make_uncut_packet(host.address, v4));
        fakes::expect_cut(host.take_wire());
        transmit(fakes::make_tcp_packet(host.address, v4, 1000));
        auto sent = host.take_wire();
        ASSERT_EQ(sent.size(), 1u);
        EXPECT_TRUE(fakes::parse_frame(sent[0])) << v4;
        ASSERT_TRUE(host.sent.back().sums);
    }
}

TEST_F(HypervNet, SumsOfUdpAreTheHostsToo) {
    start();
    auto source = fakes::ip("10.0.0.1"), destination = fakes::ip("10.0.0.2");
    auto datagram = fakes::udp_datagram(source, 1000, destination, 2000, fakes::pattern_bytes(700));
    auto frame = fakes::ethernet_frame(host.address, host.address, 0x0800, fakes::ip_packet({.source = source, .destination = destination, .protocol = 17}, datagram));
    auto right = frame;
    u32 sum = fakes::plain_pseudo_sum(source, destination, 17, datagram.size());
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    frame[40] = static_cast<u8>(sum >> 8), frame[41] = static_cast<u8>(sum);
    auto one = make_packet(frame);
    one->pop(14), one->mark(device::Layer::network);
    one->pop(20), one->mark(device::Layer::transport);
    one->push(34);
    one->checksum = Checksum::partial;
    one->checksum_offset = 6;
    transmit(std::move(one));
    EXPECT_EQ(host.take_wire(), std::vector<Bytes>{right});
    EXPECT_EQ(host.sent.back().sums, rndis::sum_ip4 | rndis::sum_udp | 34 << 16);
}

TEST_F(HypervNet, TheHostIsBelievedAboutSums) {
    start();
    for (u32 sums : {rndis::tcp_right, rndis::udp_right, rndis::tcp_right | 1u << 5}) {
        ASSERT_TRUE(host.deliver({make_frame(1514)}, sums));
        ASSERT_EQ(received_whole(), make_frame(1514));
        EXPECT_EQ(packet->checksum, Checksum::verified) << sums;
    }
    for (u32 sums : {rndis::tcp_wrong, rndis::udp_wrong, rndis::ip_wrong | rndis::tcp_right, 1u << 5}) {
        ASSERT_TRUE(host.deliver({make_frame(100)}, sums));
        ASSERT_EQ(received_whole(), make_frame(100));
        EXPECT_EQ(packet->checksum, Checksum::unknown) << sums;
    }
}

TEST_F(HypervNet, ManyFramesComeInOnePacket) {
    start();
    std::vector<Bytes> frames;
    for (u8 i = 0; i < 200; ++i) frames.push_back(make_frame(60 + i * 7, i));
    for (u32 round = 0; round < 50; ++round) {
        ASSERT_TRUE(host.deliver(frames));
        for (auto& frame : frames) ASSERT_EQ(received_whole(), frame);
    }
    EXPECT_EQ(host.undelivered(), 0u);
}

TEST_F(HypervNet, BothDirectionsGoAroundTheRings) {
    start();
    for (u32 i = 0; i < 5000; ++i) {
        transmit(make_packet(make_frame(60 + i % 1400, static_cast<u8>(i))));
        ASSERT_TRUE(host.deliver({make_frame(60 + i % 300)}));
        ASSERT_EQ(received_whole(), make_frame(60 + i % 300)) << i;
        ASSERT_EQ(host.take_wire(), std::vector<Bytes>{make_frame(60 + i % 1400, static_cast<u8>(i))});
    }
    EXPECT_EQ(net->untaken(), 0u);
    EXPECT_TRUE(net->link_up());
}

TEST_F(HypervNet, TheHostIsToldOnceOfABatch) {
    start();
    u64 before = net->counters(0).notifications;
    host.holds = true;
    transmit_many(30);
    EXPECT_EQ(net->counters(0).notifications, before + 1);
    host.resume();
    run();
    expect_all_sent(host.take_wire(), 30);
}

TEST_F(HypervNet, WhatFindsNoSectionWaitsAndKeepsItsOrder) {
    start();
    host.keeps = true;
    constexpr u32 sections = 256 * 1024 / 6144 - 1;
    transmit_many(250);
    EXPECT_EQ(host.sent.size(), sections);
    EXPECT_EQ(net->untaken(), 250u);
    // The youngest first: the place of none is used again before it was completed, at which the fake looks.
    for (u32 i = 0; i < 20; ++i) {
        ASSERT_TRUE(host.complete(*host.kept.rbegin()));
        run();
    }
    EXPECT_EQ(host.sent.size(), sections + 20);
    EXPECT_EQ(net->untaken(), 230u);
    host.resume();
    run();
    expect_all_sent(host.take_wire(), 250);
    // Beyond what may wait packets are dropped, and counted.
    host.keeps = true;
    transmit_many(sections + Sender::max_waiting + 3);
    EXPECT_EQ(net->counters(0).send_queue_full, 3u);
}

/// What the host asks the memory of a packet for is there until it has completed it.
TEST_F(HypervNet, LargePacketsStayWhereTheyLie) {
    start();
    host.keeps = true;
    auto one = make_packet(make_frame(20000));
    auto* frame = one->slices()[3].frame.get();
    memory::retain(*frame);
    transmit(std::move(one));
    run();
    EXPECT_EQ(frame->references, 2u);
    host.resume();
    run();
    EXPECT_EQ(frame->references, 1u);
    memory::release(*frame);
}

TEST_F(HypervNet, PacketsInTooManyPiecesAreCopiedTogether) {
    host.most_ranges = 4;
    start();
    EXPECT_EQ(net->features().max_send_size, 3 * page_size);
    auto packet_of = [](u32 slices, u32 size) {
        auto packet = make_packet(make_frame(60));
        for (u32 i = 0; i < slices; ++i) {
            auto frame = memory::FrameRef::adopt(*memory::allocate_frames());
            std::memset(frame.bytes(), static_cast<int>(i + 1), size);
            EXPECT_TRUE(packet->add({std::move(frame), 0, size}));
        }
        return packet;
    };
    Bytes all = make_frame(60);
    for (u8 i = 1; i <= 18; ++i) all = all + Bytes(600, i);
    transmit(packet_of(18, 600));
    EXPECT_EQ(host.take_wire(), std::vector<Bytes>{all});
    EXPECT_EQ(host.sent.back().ranges, 2u);  // whole pages are one range
    transmit(packet_of(18, 1000));
    EXPECT_EQ(net->counters(0).send_queue_full, 1u);
    auto packet = packet_of(18, 600);
    memory::fail_allocation(2);
    transmit(std::move(packet));
    memory::fail_allocation(0);
    EXPECT_EQ(net->counters(0).send_queue_full, 2u);
    EXPECT_TRUE(host.take_wire().empty());
    transmit(packet_of(18, 300));  // through a section
    EXPECT_EQ(host.sent.back().ranges, 1u);
}

TEST_F(HypervNet, AHostThatNamesNoLimitTakesAsManyPiecesAsThereAre) {
    host.most_ranges = 0;
    start();
    transmit(make_packet(make_frame(70000)));
    EXPECT_EQ(host.take_wire(), std::vector<Bytes>{make_frame(70000)});
}

/// A ring that is full of answers, which the host does not read: it has given the same memory out again and again.
TEST_F(HypervNet, NoAnswerIsLostWhereThereIsNoRoomForIt) {
    start();
    host.holds = true;
    host.reuses = true;
    constexpr u32 count = 2400;
    for (u32 i = 0; i < count; ++i) {
        if (!host.deliver({make_frame(60, static_cast<u8>(i))})) break;
        run();
    }
    u32 delivered = host.undelivered();
    EXPECT_GT(delivered, 1900u);
    EXPECT_LT(sink.packets.count(), delivered) << "those that could not be answered stay in the ring";
    transmit_many(5);  // must wait too
    EXPECT_EQ(net->untaken(), 5u);
    host.resume();
    run();
    host.serve();
    run();
    EXPECT_EQ(host.undelivered(), 0u);
    ASSERT_EQ(sink.packets.count(), delivered);
    for (u32 i = 0; i < delivered; ++i) ASSERT_EQ(fakes::bytes_of_packet(*sink.packets.pop_front()), make_frame(60, static_cast<u8>(i))) << i;
    expect_all_sent(host.take_wire(), 5);
    EXPECT_EQ(host.end().theirs().pending_bytes, 0u) << "nobody waits any more";
}

TEST_F(HypervNet, FramesThatFindNoMemoryAreCounted) {
    start();
    for (u64 nth = 1; nth <= 4; ++nth) {
        ASSERT_TRUE(host.deliver({make_frame(9000)}));
        memory::fail_allocation(nth);
        EXPECT_FALSE(received_whole());
        memory::fail_allocation(0);
        EXPECT_EQ(net->counters(0).receive_no_memory, nth);
        EXPECT_EQ(host.undelivered(), 0u);
    }
    ASSERT_TRUE(host.deliver({make_frame(9000)}));
    EXPECT_EQ(received_whole(), make_frame(9000));
}

}  // namespace
}  // namespace spore::drivers::hyperv::netvsc
