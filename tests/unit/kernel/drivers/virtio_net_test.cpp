// virtio-net with a card that keeps the rules.
#include "arch/cpu.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/unit/kernel/drivers/virtio_net_fixture.hpp"

namespace spore::drivers {
namespace {

using namespace wire::virtio_net;
using device::Checksum;
using device::Packet;
using fakes::Bytes;

constexpr auto name_of = [](auto& ring) { return ring.param == Ring::split ? "Split" : "Packed"; };
INSTANTIATE_TEST_SUITE_P(Rings, VirtioNetOverRings, testing::Values(Ring::split, Ring::packed), name_of);

TEST_P(VirtioNetOverRings, ReadsItsConfiguration) {
    card.features |= has_mtu;
    start();
    EXPECT_EQ(net->mac(), (device::MacAddress{{0x52, 0x54, 0, 0x12, 0x34, 0x56}}));
    EXPECT_EQ(net->mtu(), 0x5dc);
    EXPECT_TRUE(net->link_up());
    EXPECT_TRUE(net->features().send_checksum && net->features().send_tcp4_segments && net->features().send_tcp6_segments);
    EXPECT_FALSE(net->features().send_udp_segments);
    EXPECT_EQ(net->queue_pairs(), 1);
    EXPECT_TRUE(card.status() & wire::virtio::driver_ok);
}

TEST_P(VirtioNetOverRings, MakesAnAddressOfItsOwnWithoutOne) {
    card.features &= ~has_mac;
    start();
    EXPECT_EQ(net->mac().bytes[0] & 3, 2);  // locally administered, for one
}

TEST_P(VirtioNetOverRings, AsksForNoJoinedSegmentsWithoutMergedBuffers) {
    card.features &= ~merged_buffers;
    start();
    EXPECT_EQ(card.accepted & (receive_tcp4 | receive_tcp6), 0u);
    auto frame = make_frame(1514);
    ASSERT_TRUE(card.receive(frame));
    EXPECT_EQ(received(), frame);
}

TEST_P(VirtioNetOverRings, ReceivesFramesOfEverySize) {
    start();
    for (u32 size : {14u, 15u, 60u, 127u, 128u, 129u, 239u, 240u, 241u, 1514u, 4084u}) {
        auto frame = make_frame(size, static_cast<u8>(size));
        ASSERT_TRUE(card.receive(frame)) << size;
        EXPECT_EQ(received(), frame) << size;
    }
    EXPECT_EQ(net->counters(0).packets_received, 11u);
    EXPECT_EQ(net->counters(0).receive_errors, 0u);
}

TEST_P(VirtioNetOverRings, JoinsBuffersHoweverTheyWereFilled) {
    start();
    auto frame = make_frame(3000);
    for (const auto& split : {fakes::VirtioNetCard::Split{12, 1000}, {13, 1, 1, 1}, {500, 500, 500, 500}, {12 + 128, 1}, {26}}) {
        ASSERT_TRUE(card.receive(frame, {}, split));
        EXPECT_EQ(received(), frame);
    }
    auto large = make_frame(65000);
    ASSERT_TRUE(card.receive(large, {.flags = needs_checksum, .segmentation = 1, .header_size = {}, .segment_size = {}, .checksum_start = {},
                                     .checksum_offset = {}, .buffers = {}}));
    EXPECT_FALSE(received());  // segments of no size
    Header header{.flags = needs_checksum, .segmentation = 1};
    header.header_size = 54;
    header.segment_size = 1460;
    header.checksum_start = 34;
    header.checksum_offset = 16;
    ASSERT_TRUE(card.receive(large, header));
    run();
    auto packet = sink.packets.pop_front();
    ASSERT_TRUE(packet);
    EXPECT_EQ(fakes::bytes_of_packet(*packet), large);
    EXPECT_EQ(packet->segmentation, device::Segmentation::tcp4);
    EXPECT_EQ(packet->segment_size, 1460);
    EXPECT_EQ(packet->segments, 45);  // 64946 bytes of payload
    EXPECT_EQ(packet->checksum, Checksum::verified);
}

TEST_P(VirtioNetOverRings, BelievesTheDeviceAboutChecksumsOnlyWhenItSaysSo) {
    start();
    for (u8 flags : {u8{0}, checksum_valid}) {
        ASSERT_TRUE(card.receive(make_frame(100), {.flags = flags}));
        run();
        auto packet = sink.packets.pop_front();
        ASSERT_TRUE(packet);
        EXPECT_EQ(packet->checksum, flags ? Checksum::verified : Checksum::unknown);
        EXPECT_EQ(packet->layer_offset(device::Layer::link), 0);
    }
}

TEST_P(VirtioNetOverRings, GivesTheDeviceMoreFramesInABurst) {
    start();
    u32 before = card.rings[0].offered();
    EXPECT_EQ(before, 20u);  // 64 KiB and a little
    for (u32 i = 0; i < before; ++i) ASSERT_TRUE(card.put_frame(make_frame(60)));
    card.publish(0);
    run();
    EXPECT_EQ(sink.packets.count(), before);
    EXPECT_EQ(sink.batches, 1u);
    EXPECT_EQ(card.rings[0].offered(), 2 * before);
}

TEST_P(VirtioNetOverRings, SendsWhatItIsGiven) {
    start();
    for (u32 size : {14u, 60u, 120u, 121u, 1514u, 60000u}) {
        auto frame = make_frame(size, static_cast<u8>(size));
        transmit(make_packet(frame));
        auto sent = card.take_sent();
        ASSERT_TRUE(sent) << size;
        EXPECT_EQ(sent->frame, frame);
        EXPECT_EQ(sent->header.flags, 0);
        EXPECT_EQ(sent->header.segmentation, 0);
        card.complete(sent->head);
    }
    transmit(make_packet(make_frame(60), 0));  // no room in front: the head moves
    EXPECT_EQ(card.take_sent()->frame, make_frame(60));
    EXPECT_EQ(net->counters(0).packets_sent, 7u);
}

TEST_P(VirtioNetOverRings, PutsItsHeaderInADescriptorOfItsOwnForOldDevices) {
    card.old = true;  // with split rings, whatever else it says
    card.features &= 0xffff'ffff;
    start();
    transmit(make_packet(make_frame(60)));
    auto sent = card.take_sent();
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->pieces, 2u);
    EXPECT_EQ(sent->frame, make_frame(60));
}

TEST_P(VirtioNetOverRings, TellsTheDeviceHowToFinishPackets) {
    start();
    auto packet = make_packet(make_frame(3000));
    packet->pop(34);
    packet->mark(device::Layer::transport);
    packet->head()[12] = std::byte{0x80};  // TCP's header is 32 bytes
    packet->push(34);
    packet->checksum = Checksum::partial;
    packet->checksum_offset = 16;
    packet->segmentation = device::Segmentation::tcp6;
    packet->segment_size = 1440;
    transmit(std::move(packet));
    auto sent = card.take_sent();
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->header.flags, needs_checksum);
    EXPECT_EQ(sent->header.checksum_start, 34);
    EXPECT_EQ(sent->header.checksum_offset, 16);
    EXPECT_EQ(sent->header.segmentation, static_cast<u8>(Segmentation::tcp6));
    EXPECT_EQ(sent->header.segment_size, 1440);
    EXPECT_EQ(sent->header.header_size, 34 + 32);
}

TEST_P(VirtioNetOverRings, KeepsOrderWhenTheQueueIsFullAndDropsBeyondThat) {
    start();
    constexpr u32 count = 256 + 512 + 10;  // the queue, those that may wait, and too many
    device::PacketList list;
    for (u32 i = 0; i < count; ++i) {
        auto frame = make_frame(60);
        frame[58] = static_cast<u8>(i >> 8), frame[59] = static_cast<u8>(i);
        list.push_back(make_packet(frame));
    }
    net->transmit(list);
    u32 seen = 0;
    for (int last = -1; auto sent = card.take_sent(); ++seen) {
        int number = sent->frame[58] << 8 | sent->frame[59];
        EXPECT_GT(number, last);
        last = number;
        card.complete(sent->head);
        run();
    }
    EXPECT_EQ(seen + net->counters(0).send_queue_full, count);
    EXPECT_GE(seen, 255u + 512u);  // a packet may need two places, and so the last stays free
    EXPECT_EQ(net->counters(0).packets_sent, seen);
}

TEST_P(VirtioNetOverRings, SendsWhatWaitedWhenAskedWhetherAllIsTaken) {
    start();
    device::PacketList list;
    for (u32 i = 0; i < 300; ++i) list.push_back(make_packet(make_frame(60)));
    net->transmit(list);
    u32 seen = 0;
    auto finish_all = [&] {
        for (; auto sent = card.take_sent(); ++seen) card.complete(sent->head);  // the CPU does not get to its interrupt
    };
    finish_all();
    EXPECT_LT(seen, 300u);
    EXPECT_GT(net->untaken(), 0u);
    finish_all();
    EXPECT_EQ(seen, 300u);
    EXPECT_EQ(net->untaken(), 0u);
}

TEST_P(VirtioNetOverRings, IsNotInterruptedForWhatItSent) {
    start();
    transmit(make_packet(make_frame(60)));
    auto sent = card.take_sent();
    card.rings[1].put(sent->head, 0);
    EXPECT_FALSE(card.publish(1));
}

TEST_P(VirtioNetOverRings, NotifiesOncePerBatchAndNotWhileTheDeviceLooks) {
    start();
    unsigned before = card.notifications;
    device::PacketList list;
    for (u32 i = 0; i < 20; ++i) list.push_back(make_packet(make_frame(60)));
    net->transmit(list);
    EXPECT_EQ(card.notifications, before + 1);
    transmit(make_packet(make_frame(60)));  // the device has not asked again: it is still at the first ones
    EXPECT_EQ(card.notifications, before + 1);
    while (card.take_sent()) {}
    transmit(make_packet(make_frame(60)));
    EXPECT_EQ(card.notifications, before + 2);
}

/// What a program does that always has events to deal with: it never lets its CPU idle.
class VirtioNetUnderAnEventLoop : public VirtioNetOverRings {
protected:
    void SetUp() override {
        start();
        ASSERT_TRUE(card.receive(make_frame(60)));  // the first interrupts
        run();
        sink.packets.clear();
    }
    /// It asks for events, and gets so many.
    static void wait(u32 events) {
        device::look_before_wait();
        device::expect_wait(events);
    }
    /// So much time passes while it computes; what is due happens.
    static void compute(Duration span) {
        auto end = time::now() + span;
        while (fakes::armed_deadline() <= end.nanoseconds) {
            fakes::set_time(std::max(fakes::armed_deadline(), time::now().nanoseconds));
            arch::arm_timer(~u64{0});  // it has gone off
            time::run_expired();
            run();
        }
        fakes::set_time(end.nanoseconds);
    }
    void send_one() { transmit(make_packet(make_frame(60))); }
    /// It asks for an event, which a packet brings.
    void receive_one() {
        wait(1);
        ASSERT_TRUE(card.receive(make_frame(60)));
        run();
    }
    void TearDown() override {
        net.reset();
        fakes::set_time(0);
    }
};
INSTANTIATE_TEST_SUITE_P(Rings, VirtioNetUnderAnEventLoop, testing::Values(Ring::split, Ring::packed), name_of);

TEST_P(VirtioNetUnderAnEventLoop, LooksWheneverTheProgramAsksForEvents) {
    wait(1);
    ASSERT_TRUE(card.put_frame(make_frame(60)));
    EXPECT_TRUE(card.publish(0));  // it had asked once only when the last one came
    run();
    sink.packets.clear();
    for (u32 i = 0; i < 100; ++i) {
        for (u32 packet = 0; packet < 3; ++packet) ASSERT_TRUE(card.put_frame(make_frame(60)));
        EXPECT_FALSE(card.publish(0));
        EXPECT_TRUE(sink.packets.empty());
        wait(1);
        EXPECT_EQ(sink.packets.count(), 3u);
        sink.packets.clear();
    }
}

TEST_P(VirtioNetUnderAnEventLoop, LooksNowAndThenWhileItComputesAndThenListens) {
    receive_one();
    wait(1);
    for (u32 i = 0; i < 4; ++i) {
        sink.packets.clear();
        ASSERT_TRUE(card.put_frame(make_frame(60)));
        EXPECT_FALSE(card.publish(0));
        compute(Duration::ms(4));
        EXPECT_EQ(sink.packets.count(), 1u);
    }
    compute(Duration::ms(8));
    ASSERT_TRUE(card.put_frame(make_frame(60)));
    EXPECT_TRUE(card.publish(0));  // it may never come back
}

TEST_P(VirtioNetUnderAnEventLoop, NotifiesOfTheLastAnswerAndOfSomeBetween) {
    receive_one();
    wait(20);
    unsigned before = card.notifications;
    for (u32 i = 0; i < 20; ++i) {
        send_one();
        while (card.take_sent()) {}  // and the device asks to be told of the next
        EXPECT_EQ(card.notifications - before, (i + 1) / 9 + (i == 19)) << i;
    }
    wait(1);
    before = card.notifications;
    send_one();
    EXPECT_EQ(card.notifications, before + 1);  // nothing else will happen before the program waits
}

TEST_P(VirtioNetUnderAnEventLoop, NotifiesWhoeverAsksWhetherAllIsTaken) {
    receive_one();
    wait(5);
    unsigned before = card.notifications;
    send_one();
    EXPECT_EQ(card.notifications, before);
    EXPECT_EQ(net->untaken(), 1u);
    EXPECT_EQ(card.notifications, before + 1);
    EXPECT_EQ(net->untaken(), 1u);
    while (auto sent = card.take_sent()) card.complete(sent->head);
    EXPECT_EQ(net->untaken(), 0u);
}

TEST_P(VirtioNetUnderAnEventLoop, NotifiesBeforeTheProgramWaits) {
    receive_one();
    for (bool looks : {true, false}) {
        wait(5);
        unsigned before = card.notifications;
        send_one();
        EXPECT_EQ(card.notifications, before);
        if (looks) wait(1);
        else compute(Duration::ms(4));  // it has gone astray
        EXPECT_EQ(card.notifications, before + 1);
        while (card.take_sent()) {}
    }
}

TEST_P(VirtioNetUnderAnEventLoop, GivesTheProgramFewEventsWhileItAnswers) {
    receive_one();
    wait(30);
    EXPECT_EQ(device::events_at_once(30), 30u);
    send_one();
    wait(1);
    EXPECT_EQ(device::events_at_once(30), 6u);
    EXPECT_EQ(device::events_at_once(3), 3u);
    wait(4);  // nothing was sent
    EXPECT_EQ(device::events_at_once(30), 30u);
}

TEST_P(VirtioNetOverRings, FollowsTheLink) {
    start();
    card.set_link(false);
    EXPECT_FALSE(net->link_up());
    card.set_link(false);
    EXPECT_EQ(sink.link_changes, 1u);  // nothing changed
    card.set_link(true);
    EXPECT_TRUE(net->link_up());
    EXPECT_EQ(sink.link_changes, 2u);
}

TEST_P(VirtioNetOverRings, SetsFilters) {
    start();
    device::MacAddress groups[] = {{{1, 0, 0x5e, 0, 0, 1}}, {{0x33, 0x33, 0, 0, 0, 1}}};
    net->set_multicast(groups);
    net->set_promiscuous(true);
    ASSERT_EQ(card.commands.size(), 4u);
    EXPECT_EQ(card.commands[0], (fakes::VirtioNetCard::Command{0, 1, {0}}));
    EXPECT_EQ(card.commands[1], (fakes::VirtioNetCard::Command{1, 0, {0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0x5e, 0, 0, 1, 0x33, 0x33, 0, 0, 0, 1}}));
    EXPECT_EQ(card.commands[2], (fakes::VirtioNetCard::Command{0, 0, {0}}));
    EXPECT_EQ(card.commands[3], (fakes::VirtioNetCard::Command{0, 0, {1}}));
    std::vector<device::MacAddress> many(65);
    net->set_multicast(many);
    ASSERT_EQ(card.commands.size(), 5u);  // and it stays promiscuous
    EXPECT_EQ(card.commands[4], (fakes::VirtioNetCard::Command{0, 1, {1}}));  // all of them
}

TEST_P(VirtioNetOverRings, TellsTheLastGroupsWhenTheCardHasRoomAgain) {
    start();
    card.answers = false;
    std::vector<device::MacAddress> groups;
    for (u8 i = 0; i < 20; ++i) {
        groups.push_back({{1, 0, 0x5e, 0, 0, i}});
        net->set_multicast(groups);
    }
    card.answer_again();
    transmit(make_packet(make_frame(100)));  // the report of the last
    ASSERT_FALSE(card.commands.empty());
    EXPECT_EQ(card.commands.back().data.size(), 8 + 20 * sizeof(device::MacAddress));
}

TEST_P(VirtioNetOverRings, DoesNotWaitForACardThatAnswersNoCommand) {
    card.answers = false;
    start();
    for (u32 i = 0; i < 100; ++i) net->set_promiscuous(i % 2);
    EXPECT_LE(card.rings[2].offered(), 8u);
    EXPECT_TRUE(net->link_up());
}

/// As many CPUs as the test says, each with a pair of queues.
class VirtioNetOnTwoCpus : public VirtioNetOverRings {
protected:
    VirtioNetOnTwoCpus() {
        fakes::set_cpu_count(2);
        card.has_messages = true;
        card.features |= multiqueue;
        card.config[config_max_pairs] = 4;
        card.queues = 9;
    }
    ~VirtioNetOnTwoCpus() override { fakes::set_cpu_count(1); }
};

INSTANTIATE_TEST_SUITE_P(Rings, VirtioNetOnTwoCpus, testing::Values(Ring::split, Ring::packed), name_of);

TEST_P(VirtioNetOnTwoCpus, UsesAPairForEach) {
    start();
    ASSERT_EQ(net->queue_pairs(), 2);
    ASSERT_EQ(card.commands.size(), 1u);
    EXPECT_EQ(card.commands[0], (fakes::VirtioNetCard::Command{4, 0, {2, 0}}));
    fakes::set_cpu(1);
    transmit(make_packet(make_frame(60)));
    fakes::set_cpu(0);
    EXPECT_FALSE(card.take_sent(1));
    EXPECT_TRUE(card.take_sent(3));
    ASSERT_TRUE(card.receive(make_frame(80), {}, {}, 2));
    EXPECT_EQ(received(), make_frame(80));
    EXPECT_EQ(net->counters(1).packets_received, 1u);
    EXPECT_EQ(net->counters(1).packets_sent, 1u);
}

TEST_P(VirtioNetOnTwoCpus, StaysWithOnePairWhenTheCardRefusesMore) {
    card.answer = 1;
    start();
    EXPECT_EQ(net->queue_pairs(), 1);
    EXPECT_TRUE(net->link_up());
    fakes::set_cpu(1);
    transmit(make_packet(make_frame(60)));
    fakes::set_cpu(0);
    EXPECT_TRUE(card.take_sent(1));
}

TEST_P(VirtioNetOnTwoCpus, MakesDoWithTheInterruptsThatThereAre) {
    card.message_limit = 1;
    start();
    EXPECT_EQ(net->queue_pairs(), 1);
    EXPECT_TRUE(net->link_up());
    ASSERT_TRUE(card.receive(make_frame(80)));
    EXPECT_EQ(received(), make_frame(80));
}

TEST_P(VirtioNetOnTwoCpus, SharesOneInterruptWithoutMessages) {
    card.has_messages = false;
    start();
    EXPECT_EQ(net->queue_pairs(), 1);
    ASSERT_TRUE(card.receive(make_frame(80)));
    EXPECT_EQ(received(), make_frame(80));
}

}  // namespace
}  // namespace spore::drivers
