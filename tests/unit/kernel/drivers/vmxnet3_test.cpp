// The vmxnet3 driver with a card that keeps the rules, and with one that does not.
#include <gtest/gtest.h>

#include "kernel/drivers/net/vmxnet3/device.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/net/frames.hpp"
#include "tests/fakes/vmxnet3.hpp"
#include "tests/unit/kernel/drivers/card_rig.hpp"

namespace spore::drivers::vmxnet3 {
namespace {

using namespace wire::vmxnet3;
using device::Checksum;
using fakes::Bytes;
using fakes::make_frame;
using fakes::make_packet;
using fakes::make_tcp_packet;
using fakes::operator+;
using fakes::Vmxnet3Card;

/// A driver, its card and its stack.
class Rig : public fakes::CardRig<Device> {
public:
    explicit Rig(u32 messages) : card(messages) {}
    ~Rig() {
        end();
        EXPECT_FALSE(card.active);
    }
    void start() {
        net.emplace(card.queues(), card.control());
        ASSERT_TRUE(net->open());
        net->start(sink);
    }
    bool receive(Bytes frame, Completion words = {}) { return card.receive(as_broadcast(std::move(frame)), words); }
    /// The card was stopped, and no memory is in its hands.
    void expect_down() {
        EXPECT_FALSE(net->link_up());
        EXPECT_FALSE(card.active);
        EXPECT_TRUE(card.is_cut_off);
        EXPECT_EQ(sink.link_changes, 1u);
        transmit(make_packet(make_frame(60)));  // goes nowhere
        net->set_promiscuous(true);
        net->set_multicast({});
        EXPECT_EQ(net->untaken(), 0u);
        run();
    }


    Vmxnet3Card card;
};

constexpr u32 none = 0, one = 1, two = 2;
class Vmxnet3 : public testing::TestWithParam<u32>, protected Rig {
protected:
    Vmxnet3() : Rig(GetParam()) {}
};
INSTANTIATE_TEST_SUITE_P(Messages, Vmxnet3, testing::Values(none, one, two));

constexpr device::MacAddress card_address{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};
/// Words of a completion: TCP over IPv4, all right.
constexpr u32 tcp4_right = 1 << 16 | 1 << 18 | 1 << 19 | 1 << 21;

TEST_P(Vmxnet3, AgreesOnTheFirstRevision) {
    card.revisions = 0x7f;
    start();
    EXPECT_EQ(net->mac(), card_address);
    EXPECT_TRUE(net->link_up());
    EXPECT_STREQ(net->driver(), "vmxnet3");
    EXPECT_TRUE(card.active);
    EXPECT_TRUE(net->features().send_tcp4_segments && net->features().send_tcp6_segments);
}

TEST_P(Vmxnet3, RefusesCardsThatItDoesNotKnow) {
    auto refused = [&](auto change) {
        Vmxnet3Card other(GetParam());
        change(other);
        return Device(other.queues(), other.control()).open().error();
    };
    EXPECT_EQ(refused([](auto& other) { other.revisions = 6; }), Error::not_supported);
    EXPECT_EQ(refused([](auto& other) { other.upt_versions = 2; }), Error::not_supported);
    EXPECT_EQ(refused([](auto& other) { other.address = 0; }), Error::io);
    EXPECT_EQ(refused([](auto& other) { other.address = 1; }), Error::io);  // a group's
}

TEST_P(Vmxnet3, ReceivesFramesOfEverySize) {
    start();
    for (u32 size : {60u, 128u, 129u, 240u, 241u, 1514u}) {
        ASSERT_TRUE(receive(make_frame(size))) << size;
        EXPECT_EQ(received(), make_frame(size)) << size;
    }
    EXPECT_EQ(net->counters(0).packets_received, 6u);
    EXPECT_EQ(net->counters(1).packets_received, 0u);
}

TEST_P(Vmxnet3, ReceivesForEver) {
    start();
    for (u32 i = 0; i < 1000; ++i) {
        ASSERT_TRUE(receive(make_frame(100, static_cast<u8>(i)))) << i;
        ASSERT_TRUE(received()) << i;
    }
    EXPECT_EQ(card.tellings, 1u);  // of the first buffers
    EXPECT_EQ(card.told_received, ReceiveRing::size - 1);
}

TEST_P(Vmxnet3, TellsOfReturnedBuffersByTheDozenWhereTheCardWantsIt) {
    card.wants_updates = true;
    start();
    for (u32 i = 0; i < 1000; ++i) {
        ASSERT_TRUE(receive(make_frame(100)));
        ASSERT_TRUE(received());
    }
    EXPECT_EQ(card.tellings, 1 + 1000 / 32u);
}

TEST_P(Vmxnet3, TakesAWholeRingInOneGo) {
    start();
    u32 count = 0;
    while (receive(make_frame(60))) ++count;
    EXPECT_EQ(count, ReceiveRing::size - 1);
    run();
    EXPECT_EQ(sink.packets.count(), count);
    EXPECT_LE(card.interrupts, 2u);  // for the first, and for what came while it was masked
    EXPECT_TRUE(receive(make_frame(60)));
}

TEST_P(Vmxnet3, MasksTheInterruptOfACardThatDoesNot) {
    card.masks_itself = false;
    start();
    u32 count = 0;
    while (receive(make_frame(60))) ++count;
    EXPECT_EQ(card.interrupts, 1u);
    run();
    EXPECT_EQ(sink.packets.count(), count);
}

TEST_P(Vmxnet3, BelievesTheCardAboutChecksums) {
    start();
    struct Case { u32 first, last; Checksum checksum; };
    constexpr u32 not_summed = 1 << 30, udp6_right = 1 << 16 | 1 << 17 | 1 << 20;
    for (auto test : {Case{0, tcp4_right, Checksum::verified}, {0, udp6_right, Checksum::verified}, {0, 0, Checksum::unknown},
                      {not_summed, tcp4_right, Checksum::unknown}, {0, tcp4_right & ~(1u << 16), Checksum::unknown},
                      {0, tcp4_right & ~(1u << 18), Checksum::unknown}, {0, tcp4_right & ~(1u << 19), Checksum::unknown},
                      {0, tcp4_right | 1 << 22, Checksum::unknown}}) {
        ASSERT_TRUE(receive(make_frame(60), {{test.first, 0, 0, test.last}}));
        run();
        auto packet = sink.packets.pop_front();
        ASSERT_TRUE(packet);
        EXPECT_EQ(packet->checksum, test.checksum) << test.last;
    }
}

TEST_P(Vmxnet3, SendsWhatItIsGiven) {
    start();
    unsigned before = card.tellings;
    for (u32 size : {14u, 60u, 120u, 121u, 1514u}) {
        transmit(make_packet(make_frame(size)));
        EXPECT_EQ(card.take_sent(), std::vector<Bytes>{make_frame(size)});
    }
    EXPECT_EQ(net->counters(0).packets_sent, 5u);
    EXPECT_EQ(card.tellings, before + 5);
}

TEST_P(Vmxnet3, LetsTheCardCompleteChecksums) {
    start();
    for (bool v4 : {true, false}) {
        expect_sums_completed(card, v4);
        transmit(make_packet(make_frame(100)));  // which has none
        EXPECT_EQ(card.take_sent(), std::vector<Bytes>{make_frame(100)});
    }
}

TEST_P(Vmxnet3, LetsACardOfALaterRevisionCutSegments) {
    card.revisions = 3;
    start();
    for (bool v4 : {true, false, true}) {
        transmit(fakes::make_uncut_packet(card_address, v4));
        fakes::expect_cut(card.take_sent());
    }
}

TEST_P(Vmxnet3, CutsNoSegmentsOnACardOfTheFirstRevisionOnly) {
    start();
    EXPECT_FALSE(net->features().send_tcp4_segments || net->features().send_tcp6_segments);
    EXPECT_TRUE(net->features().send_checksum);
}

TEST_P(Vmxnet3, SendsLargePiecesAndManySmallOnes) {
    start();
    auto packet_of = [](u32 slices, u32 order, u32 size) {
        auto packet = make_packet(make_frame(60));
        for (u32 i = 0; i < slices; ++i) {
            auto frame = memory::FrameRef::adopt(*memory::allocate_frames(order));
            std::memset(frame.bytes(), static_cast<int>(i + 1), size);
            EXPECT_TRUE(packet->add({std::move(frame), 0, size}));
        }
        return packet;
    };
    for (u32 size : {16'383u, 16'384u, 16'385u, 32'768u}) {
        transmit(packet_of(1, 3, size));
        EXPECT_EQ(card.take_sent(), std::vector<Bytes>{make_frame(60) + Bytes(size, 1)}) << size;
    }
    Bytes many = make_frame(60);
    for (u8 i = 1; i <= 18; ++i) many = many + Bytes(50, i);
    transmit(packet_of(18, 0, 50));
    EXPECT_EQ(card.take_sent(), std::vector<Bytes>{many});
    auto packet = packet_of(18, 0, 50);
    memory::fail_allocation(2);
    transmit(std::move(packet));
    memory::fail_allocation(0);
    EXPECT_EQ(net->counters(0).send_queue_full, 1u);
    EXPECT_TRUE(card.take_sent().empty());
}

TEST_P(Vmxnet3, KeepsOrderWhenTheRingIsFullAndIsToldOfRoom) {
    start();
    card.hold();
    unsigned before = card.tellings;
    constexpr u32 count = 255 + 300;
    transmit_many(count);
    auto sent = card.take_sent();
    EXPECT_EQ(sent.size(), 255u);  // one place is never used
    EXPECT_EQ(card.tellings, before + 1);
    EXPECT_EQ(net->untaken(), count);
    for (u32 round = 0; round < 3; ++round) {
        ASSERT_TRUE(receive(make_frame(60)));  // something else happens: the job notices that packets wait
        run();
        card.resume();
        run();
        card.hold();
        for (auto& frame : card.take_sent()) sent.push_back(frame);
    }
    expect_all_sent(sent, count);
}

TEST_P(Vmxnet3, SendsWhatWaitedThoughNothingElseHappens) {
    for (bool masks : {true, false}) {
        Rig rig(GetParam());
        rig.card.masks_itself = masks;
        rig.start();
        rig.expect_what_waited_is_sent(rig.card);
    }
}

TEST_P(Vmxnet3, SendsWhatWaitedWhenAskedWhetherAllIsTaken) {
    start();
    card.hold();
    transmit_many(300);
    card.late = true;
    card.resume();
    for (u32 look = 0; look < 3; ++look) (void)net->untaken();
    EXPECT_EQ(card.take_sent().size(), 300u);
    EXPECT_EQ(net->untaken(), 0u);
}

TEST_P(Vmxnet3, IsNotInterruptedForWhatItSentWhereSendingHasAMessageOfItsOwn) {
    start();
    for (u32 i = 0; i < 300; ++i) {
        transmit(make_packet(make_frame(60)));
        run();
    }
    if (GetParam() == two) EXPECT_EQ(card.interrupts, 0u);
    EXPECT_LE(card.interrupts, 300u);
}

TEST_P(Vmxnet3, DropsThePacketsThatWaitTooMany) {
    start();
    card.hold();
    transmit_many(255 + TransmitRing::max_waiting + 5);
    EXPECT_EQ(net->counters(0).send_queue_full, 5u);
}

TEST_P(Vmxnet3, FollowsTheLink) {
    start();
    card.set_link(false);
    run();
    EXPECT_FALSE(net->link_up());
    card.event(event_link);
    run();
    EXPECT_EQ(sink.link_changes, 1u);  // nothing changed
    card.set_link(true);
    run();
    EXPECT_TRUE(net->link_up());
    EXPECT_EQ(sink.link_changes, 2u);
    EXPECT_EQ(card.shared().events, 0u);
    ASSERT_TRUE(receive(make_frame(60)));
    EXPECT_TRUE(received());
}

TEST_P(Vmxnet3, SetsFilters) {
    start();
    auto group = [](u8 last, u8 before) { return Bytes{1, 0, 0x5e, 0, before, last} + make_frame(80); };
    EXPECT_TRUE(card.receive(Bytes{0x52, 0x54, 0x00, 0x12, 0x34, 0x56} + make_frame(80)));
    EXPECT_TRUE(card.receive(group(5, 0x70)));  // all, before anybody has asked
    device::MacAddress groups[] = {{{1, 0, 0x5e, 0, 0x70, 5}}, {{1, 0, 0x5e, 0, 0x70, 7}}};
    net->set_multicast(groups);
    EXPECT_TRUE(card.receive(group(5, 0x70)));
    EXPECT_TRUE(card.receive(group(7, 0x70)));
    EXPECT_FALSE(card.receive(group(6, 0x70)));
    Bytes other = Bytes{2, 0, 0, 0, 0, 9} + make_frame(80);
    EXPECT_FALSE(card.receive(other));
    net->set_promiscuous(true);
    EXPECT_TRUE(card.receive(other));
    net->set_promiscuous(false);
    EXPECT_FALSE(card.receive(other));
    std::vector<device::MacAddress> many(65);
    net->set_multicast(many);
    EXPECT_TRUE(card.receive(group(6, 0x70)));
    net->set_multicast({});
    EXPECT_FALSE(card.receive(group(5, 0x70)));
}

TEST_P(Vmxnet3, DropsWhatMakesNoSense) {
    start();
    constexpr u32 whole = 1 << 14 | 1 << 15;
    auto next = [&] { return card.skip_buffer(); };
    card.complete_receive({{next() | whole, 0, 4097, tcp4_right}});  // more than there is room for
    card.complete_receive({{next() | whole, 0, 0x3fff, 0}});
    card.complete_receive({{next() | whole, 0, 13, 0}});
    card.complete_receive({{next() | whole, 0, 0, 0}});
    card.complete_receive({{next() | whole, 0, 60 | 1 << 14, 0}});     // an error
    card.complete_receive({{next() | 1 << 15, 0, 60, 0}});             // a frame in three buffers
    card.complete_receive({{next(), 0, 60, 0}});
    card.complete_receive({{next() | 1 << 14, 0, 60, 0}});
    EXPECT_FALSE(received());
    EXPECT_EQ(net->counters(0).receive_errors, 8u);
    ASSERT_TRUE(receive(make_frame(60)));
    EXPECT_TRUE(received());
}

TEST_P(Vmxnet3, GetsBackTheBuffersThatTheCardLeftOut) {
    start();
    for (u32 round = 0; round < 200; ++round) {
        card.skip_buffer();
        card.skip_buffer();
        ASSERT_TRUE(receive(make_frame(300)));
        EXPECT_EQ(received(), make_frame(300));
    }
    u32 count = 0;
    while (receive(make_frame(60))) ++count;
    EXPECT_EQ(count, ReceiveRing::size - 1);
}

TEST_P(Vmxnet3, StopsACardThatNamesBuffersThatItHasNot) {
    for (Completion wrong : {Completion{{ReceiveRing::size | 3 << 14, 0, 60, 0}}, {{ReceiveRing::size - 1 | 3 << 14, 0, 60, 0}}, {{1 << 16 | 3 << 14, 0, 60, 0}}}) {
        Rig rig(GetParam());
        rig.start();
        rig.card.complete_receive(wrong);
        run();
        EXPECT_TRUE(rig.sink.packets.empty());
        rig.expect_down();
    }
}

TEST_P(Vmxnet3, StopsACardThatNamesPacketsThatItHasNot) {
    for (u32 wrong : {0u, 1u, 3u, 255u, 256u, 4095u}) {
        Rig rig(GetParam());
        rig.start();
        rig.card.hold();
        rig.transmit(make_packet(make_frame(5000)));  // descriptors 0 to 2
        rig.card.late = true;
        rig.card.complete_send(wrong);
        rig.transmit(make_packet(make_frame(60)));
        rig.expect_down();
    }
}

TEST_P(Vmxnet3, StopsACardThatReportsAnError) {
    for (u32 event : {event_receive_error, event_send_error}) {
        Rig rig(GetParam());
        rig.start();
        rig.card.hold();
        rig.transmit_many(300);
        ASSERT_TRUE(rig.receive(make_frame(60)));
        rig.card.event(event);
        run();
        rig.expect_down();
    }
}

TEST_P(Vmxnet3, IsNotMisledByACardThatScribblesOverItsRings) {
    start();
    card.hold();
    for (u32 i = 0; i < 10; ++i) transmit(make_packet(make_frame(5000)));
    for (u64 address : {card.send_queue().completions, card.receive_queue().rings[0]})
        std::memset(arch::direct({address}), 0xff, page_size);
    std::memset(&card.shared(), 0xff, sizeof(wire::vmxnet3::Shared));
    transmit(make_packet(make_frame(1000)));
    run();
    EXPECT_TRUE(sink.packets.empty());
    expect_down();
}

TEST_P(Vmxnet3, DropsAndCountsWhatACardThatNeverAnswersIsSent) {
    start();
    card.hold();
    for (u32 i = 0; i < 2000; ++i) {
        transmit(make_packet(make_frame(60)));
        run();
    }
    EXPECT_EQ(net->counters(0).packets_sent, 255u);
    EXPECT_EQ(net->counters(0).send_queue_full, 2000 - 255 - TransmitRing::max_waiting);
    EXPECT_TRUE(net->link_up());
}

TEST_P(Vmxnet3, DropsWhatThereIsNoMemoryFor) {
    start();
    ASSERT_TRUE(receive(make_frame(1514)));
    memory::fail_allocation(1);
    EXPECT_FALSE(received());
    memory::fail_allocation(0);
    EXPECT_EQ(net->counters(0).receive_no_memory, 1u);
    ASSERT_TRUE(receive(make_frame(1514)));
    EXPECT_TRUE(received());
}

TEST_P(Vmxnet3, DoesNotStartWithoutMemory) {
    for (u64 nth : {1, 2, 3, 4, 100, 131, 132}) {
        Rig rig(GetParam());
        memory::fail_allocation(nth);
        rig.start();
        memory::fail_allocation(0);
        rig.expect_down();
    }
}

TEST(Vmxnet3Card, DoesNotStartWithoutInterruptsOrWhenTheCardRefuses) {
    for (bool interrupts : {true, false}) {
        Rig rig(none);
        rig.card.refuses_interrupts = !interrupts;
        rig.card.refuses_to_start = interrupts;
        rig.start();
        rig.expect_down();
    }
}

}  // namespace
}  // namespace spore::drivers::vmxnet3
