// What the ENA driver sends and receives through a device that keeps the rules.
#include "tests/fakes/net/frames.hpp"
#include "tests/unit/kernel/drivers/ena_rig.hpp"

namespace spore::drivers::ena {
namespace {

using namespace wire::ena;
using device::Checksum;
using fakes::Bytes;
using fakes::make_frame;
using fakes::make_packet;
using fakes::make_tcp_packet;
using fakes::operator+;

class Ena : public EnaCase {};
INSTANTIATE_TEST_SUITE_P(Queues, Ena, all_queues(), name_of);

constexpr u32 tcp4_right = Received::transport_checked | tcp | ip4;

TEST_P(Ena, ReceivesFramesOfEverySize) {
    start();
    for (u32 size : {60u, 128u, 129u, 240u, 241u, 1514u, 4096u}) {
        ASSERT_TRUE(receive(make_frame(size))) << size;
        EXPECT_EQ(received(), make_frame(size)) << size;
    }
    EXPECT_EQ(net->counters(0).packets_received, 7u);
}

TEST_P(Ena, JoinsThePiecesOfAPacket) {
    start();
    for (u32 round = 0; round < 300; ++round) {
        ASSERT_TRUE(receive(make_frame(9015)));
        EXPECT_EQ(received(), make_frame(9015));
        ASSERT_TRUE(receive(make_frame(700), 0, 200, 2));
        EXPECT_EQ(received(), make_frame(700));
    }
    EXPECT_EQ(net->counters(0).bytes_received, 300u * (9015 + 700));
}

TEST_P(Ena, SendsAndReceivesForEver) {
    start();
    works();
}

TEST_P(Ena, TakesAWholeRingInOneGo) {
    start();
    u32 count = 0;
    while (receive(make_frame(60))) ++count;
    EXPECT_EQ(count, ReceiveRing::size - 1);
    run();
    EXPECT_EQ(sink.packets.count(), count);
    EXPECT_TRUE(receive(make_frame(60)));
}

TEST_P(Ena, BelievesTheDeviceAboutChecksums) {
    start();
    struct Case { u32 status; Checksum checksum; };
    for (auto test : {Case{tcp4_right, Checksum::verified}, {Received::transport_checked | udp | ip6, Checksum::verified}, {0, Checksum::unknown},
                      {tcp | ip4, Checksum::unknown}, {tcp4_right | Received::transport_wrong, Checksum::unknown}, {tcp4_right | Received::ip_wrong, Checksum::unknown},
                      {tcp4_right | Received::fragment, Checksum::unknown}, {Received::transport_checked | ip4, Checksum::unknown}, {Received::transport_checked | tcp, Checksum::unknown}}) {
        ASSERT_TRUE(receive(make_frame(60), test.status));
        run();
        auto packet = sink.packets.pop_front();
        ASSERT_TRUE(packet);
        EXPECT_EQ(packet->checksum, test.checksum) << test.status;
    }
}

TEST_P(Ena, SendsWhatItIsGiven) {
    start();
    unsigned before = card.tellings;
    for (u32 size : {14u, 60u, 95u, 96u, 97u, 120u, 121u, 224u, 1514u, 9015u}) {
        transmit(make_packet(make_frame(size)));
        EXPECT_EQ(card.take_sent(), std::vector<Bytes>{make_frame(size)}) << size;
    }
    EXPECT_EQ(net->counters(0).packets_sent, 10u);
    EXPECT_EQ(card.tellings, before + 10);
}

TEST_P(Ena, LetsTheDeviceCompleteChecksums) {
    start();
    for (bool v4 : {true, false, false}) {
        expect_sums_completed(card, v4);
        transmit(make_packet(make_frame(100)));  // which has none
        EXPECT_EQ(card.take_sent(), std::vector<Bytes>{make_frame(100)});
    }
    // Where headers are is said again only when it has changed, but for devices that remember nothing.
    EXPECT_EQ(card.metas, GetParam() == Queues::memory_wide ? 12u : 2u);
}

TEST_P(Ena, LetsTheDeviceCutSegments) {
    start();
    for (bool v4 : {true, false, true}) {
        transmit(fakes::make_uncut_packet(net->mac(), v4));
        fakes::expect_cut(card.take_sent());
        transmit(make_tcp_packet(net->mac(), v4, 100));
        EXPECT_TRUE(fakes::parse_frame(card.take_sent().at(0)));
    }
}

TEST_P(Ena, PutsManyPiecesIntoFewer) {
    card.limits.send_descriptors = 5;
    start();
    EXPECT_FALSE(net->features().send_tcp4_segments);
    auto packet = make_packet(make_frame(60));
    Bytes many = make_frame(60);
    for (u8 i = 1; i <= 18; ++i) {
        auto frame = memory::FrameRef::adopt(*memory::allocate_frames());
        std::memset(frame.bytes(), i, 50);
        ASSERT_TRUE(packet->add({std::move(frame), 0, 50}));
        many = many + Bytes(50, i);
    }
    transmit(std::move(packet));
    EXPECT_EQ(card.take_sent(), std::vector<Bytes>{many});
    transmit(make_packet(make_frame(20'000)));
    EXPECT_EQ(net->counters(0).send_queue_full, 1u);
}

TEST_P(Ena, KeepsOrderWhenTheRingIsFullAndIsToldOfRoom) {
    start();
    card.hold();
    constexpr u32 count = 255 + 300;
    transmit_many(count);
    auto sent = card.take_sent();
    EXPECT_GE(sent.size(), 254u);  // a packet may need two places, and one is never used
    EXPECT_EQ(net->untaken(), count);
    for (u32 round = 0; round < 4; ++round) {
        ASSERT_TRUE(receive(make_frame(60)));  // something else happens: the job notices that packets wait
        run();
        card.resume(round % 2);
        run();
        card.hold();
        for (auto& frame : card.take_sent()) sent.push_back(frame);
    }
    expect_all_sent(sent, count);
}

TEST_P(Ena, SendsWhatWaitedThoughNothingElseHappens) {
    start();
    expect_what_waited_is_sent(card);
}

TEST_P(Ena, IsNotInterruptedForWhatItSentWhereSendingHasAnInterruptOfItsOwn) {
    start();
    unsigned before = card.interrupts;
    for (u32 i = 0; i < 300; ++i) {
        transmit(make_packet(make_frame(60)));
        run();
    }
    if (GetParam() != Queues::host_one_interrupt) EXPECT_EQ(card.interrupts, before);
    EXPECT_LE(card.interrupts, before + 300);
}

TEST_P(Ena, FollowsTheLink) {
    start();
    unsigned before = sink.link_changes;
    card.set_link(true);
    EXPECT_EQ(sink.link_changes, before);  // nothing changed
    card.set_link(false);
    EXPECT_FALSE(net->link_up());
    for (u32 i = 0; i < 100; ++i) card.event(EventGroup::notification, 77, {1, 2, 3});  // more than there is room for, were they not given back
    card.set_link(true);
    EXPECT_TRUE(net->link_up());
    EXPECT_EQ(sink.link_changes, before + 2);
}

}  // namespace
}  // namespace spore::drivers::ena
