// What the gVNIC driver sends and receives through a device that keeps the rules.
#include "tests/fakes/net/frames.hpp"
#include "tests/unit/kernel/drivers/gve_rig.hpp"

namespace spore::drivers::gve {
namespace {

using namespace wire::gve;
using device::Checksum;
using fakes::Bytes;
using fakes::GveCard;
using fakes::make_frame;
using fakes::make_packet;
using fakes::make_tcp_packet;

class Gve : public GveCase {};
INSTANTIATE_TEST_SUITE_P(Kinds, Gve, kinds(), name_of);

TEST_P(Gve, ReceivesFramesOfEverySize) {
    start();
    for (u32 size : {60u, 128u, 129u, 240u, 241u, 1514u, 2047u, 2048u, 2049u, 4096u, 8910u}) {
        ASSERT_TRUE(receive(make_frame(size))) << size;
        EXPECT_EQ(received(), make_frame(size)) << size;
    }
    EXPECT_EQ(net->counters(0).packets_received, 11u);
}

TEST_P(Gve, JoinsThePiecesOfAPacketInWhateverBuffers) {
    start();
    for (u32 round = 0; round < 300; ++round) {
        ASSERT_TRUE(receive(make_frame(8910), {.any_order = true}));
        EXPECT_EQ(received(), make_frame(8910));
        ASSERT_TRUE(receive(make_frame(700), {.piece = 200, .any_order = true}));
        EXPECT_EQ(received(), make_frame(700));
    }
    EXPECT_EQ(net->counters(0).bytes_received, 300u * (8910 + 700));
}

TEST_P(Gve, SendsAndReceivesForEver) {
    start();
    works();
}

TEST_P(Gve, TakesAllBuffersInOneGo) {
    start();
    u32 count = 0;
    while (receive(make_frame(60))) ++count;
    EXPECT_EQ(count, GetParam() == Kind::smallest ? ReceiveRing::size - buffer_step : ReceiveRing::size);
    run();
    EXPECT_EQ(sink.packets.count(), count);
    EXPECT_TRUE(receive(make_frame(60)));
}

TEST_P(Gve, BelievesTheDeviceAboutChecksums) {
    start();
    constexpr u8 good = Received::processed;
    struct Case { u16 type; u8 status; u8 origin; Checksum checksum; };
    for (auto test : {Case{tcp4, good, 0, Checksum::verified}, {udp4, good, 0, Checksum::verified}, {tcp6, good, 0, Checksum::verified}, {udp6, good, 0, Checksum::verified},
                      {tcp4, 0, 0, Checksum::unknown}, {tcp4, good | Received::transport_wrong, 0, Checksum::unknown}, {tcp4, good | Received::ip_wrong, 0, Checksum::unknown},
                      {tcp4, good | Received::outer_ip_wrong, 0, Checksum::unknown}, {udp4, good | Received::outer_udp_wrong, 0, Checksum::unknown},
                      {tcp6, good, Received::has_extensions, Checksum::unknown}, {tcp4, good, Received::has_extensions, Checksum::verified},
                      {icmp4, good, 0, Checksum::unknown}, {0, good, 0, Checksum::unknown}, {1023, good, 0, Checksum::unknown}, {tcp4 - 8, good, 0, Checksum::unknown}}) {
        ASSERT_TRUE(receive(make_frame(60), {.type = test.type, .status = test.status, .origin = test.origin}));
        run();
        auto packet = sink.packets.pop_front();
        ASSERT_TRUE(packet);
        EXPECT_EQ(packet->checksum, test.checksum) << test.type << ' ' << u32{test.status};
    }
}

TEST_P(Gve, SendsWhatItIsGiven) {
    start();
    unsigned before = card.tellings;
    for (u32 size : {17u, 60u, 120u, 1514u, 4096u, 8910u}) {
        transmit(make_packet(make_frame(size)));
        EXPECT_EQ(card.take_sent(), std::vector<Bytes>{make_frame(size)}) << size;
    }
    EXPECT_EQ(net->counters(0).packets_sent, 6u);
    EXPECT_EQ(card.tellings, before + 6);
    // The device takes none of these.
    for (u32 size : {14u, 16u, 9729u}) transmit(make_packet(make_frame(size)));
    EXPECT_TRUE(card.take_sent().empty());
    EXPECT_EQ(net->counters(0).send_queue_full, 3u);
}

TEST_P(Gve, AsksWhichDescriptorsAreReadNowAndThen) {
    start();
    for (u32 i = 0; i < 320; ++i) transmit(make_packet(make_frame(60)));
    EXPECT_EQ(card.take_sent().size(), 320u);
    EXPECT_GE(card.reports, 19u);
    EXPECT_LE(card.reports, 20u);
}

TEST_P(Gve, LetsTheDeviceCompleteChecksums) {
    start();
    for (bool v4 : {true, false}) expect_sums_completed(card, v4);
}

TEST_P(Gve, LetsTheDeviceCutSegments) {
    start();
    for (u32 i = 0; i < 50; ++i) {
        bool v4 = i % 2;
        transmit(fakes::make_uncut_packet(net->mac(), v4));
        fakes::expect_cut(card.take_sent());
        transmit(make_tcp_packet(net->mac(), v4, 100));
        EXPECT_TRUE(fakes::parse_frame(card.take_sent().at(0)));
    }
}

/// Adds pieces of 50 bytes each, of which the packet's payload consists then.
void add_small_pieces(device::Packet& packet, u32 count) {
    packet.clear_slices();
    for (u32 i = 0; i < count; ++i) {
        auto frame = memory::FrameRef::adopt(*memory::allocate_frames());
        std::memset(frame.bytes(), static_cast<int>(i), 50);
        ASSERT_TRUE(packet.add({std::move(frame), 0, 50}));
    }
}

TEST_P(Gve, PutsManyPiecesIntoFewer) {
    start();
    for (u32 count : {9u, 10u, 18u}) {
        auto packet = make_packet(make_frame(60));
        add_small_pieces(*packet, count);
        Bytes whole = fakes::bytes_of_packet(*packet);
        transmit(std::move(packet));
        EXPECT_EQ(card.take_sent(), std::vector<Bytes>{whole}) << count;
    }
    // Of a packet that is cut each segment may have so many.
    auto packet = fakes::make_uncut_packet(net->mac(), true);
    add_small_pieces(*packet, 18);
    packet->segment_size = 480;
    u32 sum = 0;
    std::memcpy(&sum, packet->layer(device::Layer::transport) + 16, 2);
    transmit(std::move(packet));
    auto sent = card.take_sent();
    EXPECT_GE(sent.size(), 2u);
    EXPECT_EQ(net->counters(0).send_queue_full, 0u);
}

TEST_P(Gve, CutsNoSmallerSegmentsThanTheDeviceDoes) {
    start();
    auto packet = make_tcp_packet(net->mac(), true, 200);
    packet->segmentation = device::Segmentation::tcp4;
    packet->segment_size = 76;
    transmit(std::move(packet));
    auto sent = card.take_sent();
    ASSERT_EQ(sent.size(), 3u);
    for (auto& frame : sent) EXPECT_TRUE(fakes::parse_frame(frame));
}

TEST_P(Gve, KeepsOrderWhenTheRingIsFullAndIsToldOfRoom) {
    start();
    card.hold();
    constexpr u32 count = 300;
    transmit_many(count);
    auto sent = card.take_sent();
    EXPECT_EQ(sent.size(), (TransmitRing::size - 1) / 2);  // a packet needs two places, and one is never used
    EXPECT_EQ(net->untaken() > 0, true);
    for (u32 round = 0; round < 4; ++round) {
        card.path = static_cast<GveCard::Path>(round % 3);
        card.resume(round % 2);
        run();
        card.hold();
        for (auto& frame : card.take_sent()) sent.push_back(frame);
    }
    expect_all_sent(sent, count);
}

TEST_P(Gve, SendsWhatWaitedThoughNothingElseHappens) {
    start();
    expect_what_waited_is_sent(card);
}

TEST_P(Gve, KeepsAMissedPacketUntilItIsReinjected) {
    for (auto path : {GveCard::Path::missed, GveCard::Path::missed_by_tag}) {
        Rig rig(GetParam());
        rig.start();
        rig.card.path = path;
        rig.works();
        rig.card.hold();
        rig.transmit(make_packet(make_frame(60)));
        rig.card.complete_send(SentType::missed, 0xffff);  // whose is none
        rig.transmit(make_packet(make_frame(60)));
        rig.card.path = GveCard::Path::straight;
        rig.expect_recovery();
    }
}

TEST_P(Gve, FollowsTheLink) {
    card.link = false;
    start();
    EXPECT_FALSE(net->link_up());
    unsigned before = sink.link_changes;
    card.set_link(false);
    EXPECT_EQ(sink.link_changes, before);  // nothing changed
    card.set_link(true);
    EXPECT_TRUE(net->link_up());
    card.set_link(false);
    card.set_link(true);
    EXPECT_EQ(sink.link_changes, before + 3);
}

}  // namespace
}  // namespace spore::drivers::gve
