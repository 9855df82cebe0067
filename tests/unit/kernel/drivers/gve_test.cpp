// The gVNIC driver with a device that keeps the rules, and with one that does not.
#include "kernel/drivers/net/gve/device.hpp"

#include <gtest/gtest.h>

#include "arch/cpu.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/gve.hpp"
#include "tests/fakes/net/frames.hpp"
#include "tests/unit/kernel/drivers/card_rig.hpp"
#include "tests/unit/kernel/drivers/tcp_packet.hpp"

namespace spore::drivers::gve {
namespace {

using namespace wire::gve;
using device::Checksum;
using fakes::Bytes;
using fakes::GveCard;
using fakes::make_frame;
using fakes::make_packet;
using fakes::make_tcp_packet;
using fakes::operator+;

void let_time_pass(Duration span) { fakes::set_time(time::now().nanoseconds + static_cast<u64>(span.nanoseconds)); }
void pause() { let_time_pass(Duration::ms(1)); }

/// By revision, and by the sizes of rings and buffers.
enum class Kind : u8 { first, smallest, later };

/// A driver, its card and its stack.
class Rig : public fakes::CardRig<Device> {
public:
    explicit Rig(Kind kind) {
        if (kind == Kind::smallest) card.send_entries = card.receive_entries = least_entries, card.buffer_size = 0;
        if (kind == Kind::later) card.revision = 1;
    }
    ~Rig() {
        end();
        EXPECT_FALSE(card.active);
        EXPECT_EQ(card.is_cut_off, was_made_);
        fakes::set_time(began_.nanoseconds);
    }
    void make() {
        net.emplace(card.hardware(), card.doorbells(), GveCard::doorbell_count, card.revision, pause);
        was_made_ = true;
    }
    Result<void> open() {
        make();
        return net->open();
    }
    void start() {
        ASSERT_TRUE(open());
        net->start(sink);
    }
    bool receive(Bytes frame, const GveCard::How& how = {}) { return card.receive(as_broadcast(std::move(frame)), how); }
    /// The device is to be reset, and is.
    void expect_recovery() {
        EXPECT_FALSE(net->link_up());
        EXPECT_TRUE(net->has_trouble());
        unsigned resets = card.resets;
        net->recover();
        EXPECT_EQ(card.resets, resets + 1);
        EXPECT_TRUE(net->link_up());
        EXPECT_EQ(net->untaken(), 0u);
        sink.packets.clear();
        (void)card.take_sent();
        works();
    }
    void works() {
        for (u32 i = 0; i < 1200; ++i) {
            ASSERT_TRUE(receive(make_frame(100, static_cast<u8>(i)))) << i;
            ASSERT_TRUE(received()) << i;
            transmit(make_packet(make_frame(1000, static_cast<u8>(i))));
            ASSERT_EQ(card.take_sent(), std::vector<Bytes>{make_frame(1000, static_cast<u8>(i))}) << i;
        }
    }
    void expect_down() {
        EXPECT_FALSE(net->link_up());
        EXPECT_FALSE(card.active);
        EXPECT_TRUE(card.is_cut_off);
        EXPECT_FALSE(net->has_trouble());
        transmit(make_packet(make_frame(60)));  // goes nowhere
        EXPECT_EQ(net->untaken(), 0u);
        run();
    }
    void pass_seconds(u32 seconds) {
        for (u32 i = 0; i < seconds && !net->has_trouble(); ++i) {
            let_time_pass(Duration::seconds(1));
            time::run_expired();
            run();
        }
    }

    GveCard card;

private:
    Instant began_ = time::now();
    bool was_made_ = false;
};

class Gve : public testing::TestWithParam<Kind>, protected Rig {
protected:
    Gve() : Rig(GetParam()) {}
};
constexpr const char* kind_names[] = {"First", "Smallest", "Later"};
INSTANTIATE_TEST_SUITE_P(Kinds, Gve, testing::Values(Kind::first, Kind::smallest, Kind::later), [](auto& kind) { return std::string(kind_names[static_cast<u32>(kind.param)]); });

constexpr device::MacAddress card_address{{0x42, 0x01, 0x0a, 0x80, 0x00, 0x02}};
constexpr u16 tcp4 = 512 + 2 * 8 + 2, udp4 = tcp4 + 1, icmp4 = tcp4 + 2, tcp6 = tcp4 + 8, udp6 = udp4 + 8;  ///< as the fake device numbers types

TEST_P(Gve, LearnsWhatTheDeviceIs) {
    start();
    EXPECT_EQ(net->mac(), card_address);
    EXPECT_STREQ(net->driver(), "gve");
    EXPECT_EQ(net->mtu(), 8896);
    EXPECT_TRUE(net->link_up());
    EXPECT_TRUE(net->features().send_checksum && net->features().receive_checksum);
    EXPECT_TRUE(net->features().send_tcp4_segments && net->features().send_tcp6_segments && !net->features().send_udp_segments);
    EXPECT_EQ(card.version, "GVE-SPORE-1.0.0\n");
    EXPECT_EQ(card.resets, 0u);
    net.reset();
    using enum Opcode;
    EXPECT_EQ(card.commands, (std::vector{verify_driver, describe_device, configure, get_packet_types, create_send_queue, create_receive_queue, destroy_receive_queue,
                                          destroy_send_queue, deconfigure}));
    EXPECT_EQ(card.resets, 1u);
}

TEST_P(Gve, TakesADeviceAwayFromWhoeverUsedItBefore) {
    card.was_used = true;
    start();
    EXPECT_EQ(card.resets, 1u);
    works();
}

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

TEST_P(Gve, BelievesNothingAboutTypesThatItIsNotTold) {
    card.unknown = {Opcode::get_packet_types, Opcode::verify_driver};
    start();
    ASSERT_TRUE(receive(make_frame(60), {.type = tcp4, .status = Received::processed}));
    run();
    EXPECT_EQ(sink.packets.pop_front()->checksum, Checksum::unknown);
    works();
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
    for (bool v4 : {true, false})
        for (u32 payload : {1000u, 3u, 0u}) {
            transmit(make_tcp_packet(card_address, v4, payload));
            auto sent = card.take_sent();
            ASSERT_EQ(sent.size(), 1u);
            auto parsed = fakes::parse_frame(sent[0]);
            ASSERT_TRUE(parsed);
            EXPECT_EQ(Bytes(parsed->payload.begin() + 32, parsed->payload.end()), fakes::pattern_bytes(payload));
        }
}

TEST_P(Gve, LetsTheDeviceCutSegments) {
    start();
    for (u32 i = 0; i < 50; ++i) {
        bool v4 = i % 2;
        transmit(fakes::make_uncut_packet(card_address, v4));
        fakes::expect_cut(card.take_sent());
        transmit(make_tcp_packet(card_address, v4, 100));
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
    auto packet = fakes::make_uncut_packet(card_address, true);
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
    auto packet = make_tcp_packet(card_address, true, 200);
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
    card.hold();
    transmit_many(300);
    run();
    card.resume();
    run();
    EXPECT_EQ(card.take_sent().size(), 300u);
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

TEST_P(Gve, DoesNotBelieveTheDeviceWhatItSaysTooEarly) {
    start();
    card.hold();
    transmit(make_packet(make_frame(60)));
    card.complete_send(SentType::reinjected, 0);  // it was not missed
    EXPECT_EQ(net->untaken(), 2u);
    card.complete_send(SentType::missed, 0);
    card.complete_send(SentType::packet, 0);
    EXPECT_EQ(net->untaken(), 2u);
    card.complete_send(SentType::reinjected, 0);
    EXPECT_EQ(net->untaken(), 0u);
    EXPECT_FALSE(net->has_trouble());
}

TEST_P(Gve, ResetsADeviceThatSendsNoMore) {
    start();
    for (u32 i = 0; i < 100; ++i) {
        transmit(make_packet(make_frame(60)));
        pass_seconds(1);
    }
    EXPECT_FALSE(net->has_trouble());
    card.hold();
    transmit_many(300);
    pass_seconds(4);
    EXPECT_FALSE(net->has_trouble());
    pass_seconds(4);
    EXPECT_TRUE(net->has_trouble());
    expect_recovery();
    pass_seconds(60);
    EXPECT_FALSE(net->has_trouble());
    // A packet that is missed and never comes back is as bad, whatever happens to others; but nothing is sent without a link.
    card.hold();
    transmit(make_packet(make_frame(60)));
    card.complete_send(SentType::missed, card.held_tag());
    card.set_link(false);
    pass_seconds(60);
    EXPECT_FALSE(net->has_trouble());
    card.set_link(true);
    pass_seconds(6);
    expect_recovery();
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

TEST_P(Gve, ResetsADeviceThatAsksForIt) {
    start();
    card.ask_for_reset();
    expect_recovery();
}

TEST_P(Gve, IsDownWhenItDoesNotRecover) {
    auto fails = [&](auto change) {
        Rig rig(GetParam());
        rig.start();
        rig.card.hold();
        rig.transmit_many(300);
        rig.card.ask_for_reset();
        ASSERT_TRUE(rig.net->has_trouble());
        change(rig.card);
        rig.net->recover();
        rig.expect_down();
        EXPECT_EQ(rig.net->mac(), card_address);
        rig.net->recover();  // there is nothing to do
    };
    fails([](auto& card) { card.finishes_reset = false; });
    fails([](auto& card) { card.gone = true; });
    fails([](auto& card) { card.answers_commands = false; });
    fails([](auto& card) { card.address[5] = 7; });
    fails([](auto& card) { card.jumbo_mtu = 1500; });
    fails([](auto& card) { card.send_entries = 2048; });
    fails([](auto& card) { card.receive_entries = 2048; });
    fails([](auto& card) { card.refused.insert(Opcode::create_receive_queue); });
}

TEST_P(Gve, RefusesADeviceThatItCannotUse) {
    auto refused = [&](auto change, Error error) {
        Rig rig(GetParam());
        change(rig.card);
        auto opened = rig.open();
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error(), error);
    };
    refused([](auto& card) { card.most_queues = 0; }, Error::not_supported);
    refused([](auto& card) { card.has_raw_dqo = false; }, Error::not_supported);
    refused([](auto& card) { card.required = 1; }, Error::not_supported);
    refused([](auto& card) { card.option_count_more = 1; }, Error::io);
    refused([](auto& card) { card.option_count_more = 0xff00; }, Error::io);
    refused([](auto& card) { card.size_more = 5000; }, Error::io);
    refused([](auto& card) { card.option_size_less = 4; }, Error::not_supported);
    refused([](auto& card) { card.address = {}; }, Error::io);
    refused([](auto& card) { card.address[0] = 1; }, Error::io);
    refused([](auto& card) { card.jumbo_mtu = 1000; }, Error::io);
    refused([](auto& card) { card.send_entries = 128; }, Error::not_supported);
    refused([](auto& card) { card.send_entries = 0; }, Error::not_supported);
    refused([](auto& card) { card.receive_entries = 1000; }, Error::not_supported);
    refused([](auto& card) { card.receive_entries = 8192; }, Error::not_supported);
    refused([](auto& card) { card.counters = 0xffff; }, Error::not_supported);
    refused([](auto& card) { card.wrong_count = true; }, Error::io);
    refused([](auto& card) { card.refused.insert(Opcode::verify_driver); }, Error::io);
    refused([](auto& card) { card.refused.insert(Opcode::describe_device); }, Error::io);
}

TEST_P(Gve, DoesWithoutWhatADeviceDoesNotHave) {
    card.jumbo_mtu = card.buffer_size = card.features = 0;
    card.counters = 0;
    start();
    EXPECT_EQ(net->mtu(), 1460);
    works();
}

TEST_P(Gve, GivesUpOnADeviceThatDoesNotAnswer) {
    auto silent = [&](auto change, Duration most) {
        Rig rig(GetParam());
        change(rig.card);
        auto before = time::now();
        auto opened = rig.open();
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error(), Error::timed_out);
        EXPECT_LE((time::now() - before).nanoseconds, most.nanoseconds);
    };
    silent([](auto& card) { card.was_used = true, card.finishes_reset = false; }, Duration::ms(10'100));
    silent([](auto& card) { card.answers_commands = false; }, Duration::ms(2100));
}

TEST_P(Gve, DoesNotStartWhereTheDeviceNamesPlacesThatItHasNotOrRefuses) {
    auto refused = [&](auto change) {
        Rig rig(GetParam());
        change(rig.card);
        ASSERT_TRUE(rig.open());
        rig.net->start(rig.sink);
        rig.expect_down();
        EXPECT_EQ(rig.sink.link_changes, 1u);
    };
    refused([](auto& card) { card.far_queue = GveCard::doorbell_count; });
    refused([](auto& card) { card.far_queue = 0xf000'0000; });
    refused([](auto& card) { card.far_interrupt = GveCard::doorbell_count; });
    for (u32 messages : {0u, 1u, 2u}) refused([&](auto& card) { card.messages = messages; });
    for (auto opcode : {Opcode::configure, Opcode::create_send_queue, Opcode::create_receive_queue}) refused([&](auto& card) { card.refused.insert(opcode); });
}

Received strange(u16 id, u32 size, u8 status = Received::done | Received::last) {
    Received found{};
    found.id = id;
    found.size = static_cast<u16>(size);
    found.status = status;
    return found;
}

TEST_P(Gve, DropsWhatMakesNoSense) {
    start();
    u32 room = GetParam() == Kind::smallest ? 2048 : 4096;
    auto complete = [&](u32 size, u8 status = Received::done | Received::last, void (*change)(Received&) = [](Received&) {}) {
        auto found = strange(card.take_buffer(), size, status);
        change(found);
        card.complete_receive(found);
    };
    complete(room + 1);  // more than there is room for
    complete(0x3fff);
    complete(13);
    complete(0);
    complete(60, Received::last, [](Received& found) { found.origin = Received::wrong; });
    complete(60, Received::last, [](Received& found) { found.size |= Received::other_queue; });
    complete(60, Received::last, [](Received& found) { found.header = 40; });
    complete(60, Received::last, [](Received& found) { found.header = Received::split; });
    complete(60, Received::last, [](Received& found) { found.header = Received::coalesced; });
    complete(60, 0);
    complete(0);
    complete(5000, 0);
    complete(60, 0);
    complete(60);
    for (u32 i = 0; i < 19; ++i) complete(60, 0);  // more pieces than a packet has
    complete(60);
    EXPECT_FALSE(received());
    EXPECT_EQ(net->counters(0).receive_errors, 11u);
    EXPECT_EQ(net->counters(0).receive_no_memory, 1u);
    ASSERT_TRUE(receive(make_frame(60)));
    EXPECT_TRUE(received());
    EXPECT_FALSE(net->has_trouble());
}

TEST_P(Gve, ResetsADeviceThatNamesBuffersThatItHasNot) {
    for (u16 wrong : {u16{ReceiveRing::size}, u16{0xffff}}) {
        Rig rig(GetParam());
        rig.start();
        rig.card.complete_receive(strange(wrong, 60));
        run();
        EXPECT_TRUE(rig.sink.packets.empty());
        rig.expect_recovery();
    }
    if (GetParam() != Kind::smallest) return;
    Rig rig(GetParam());
    rig.start();
    rig.card.complete_receive(strange(ReceiveRing::size - 1, 60));  // which it was never given
    run();
    rig.expect_recovery();
}

TEST_P(Gve, ResetsADeviceThatNamesPacketsThatItHasNot) {
    for (auto type : {SentType::packet, SentType::missed, SentType::reinjected, static_cast<SentType>(0), static_cast<SentType>(7)})
        for (u16 wrong : {u16{1}, u16{247}, u16{248}, u16{0x7fff}, u16{0xffff}}) {
            Rig rig(GetParam());
            rig.start();
            rig.card.hold();
            rig.transmit(make_packet(make_frame(5000)));
            rig.card.complete_send(type, wrong);
            rig.transmit(make_packet(make_frame(60)));
            rig.expect_recovery();
        }
    for (u32 i = 0; i < 2; ++i) {
        Rig rig(GetParam());
        rig.start();
        rig.card.hold();
        rig.transmit(make_packet(make_frame(60)));
        if (i) rig.card.complete_send(SentType::fetched, rig.card.send_entries);
        else for (u32 times = 0; times < 2; ++times) rig.card.complete_send(SentType::packet, 0);
        rig.transmit(make_packet(make_frame(60)));
        rig.expect_recovery();
    }
}

TEST_P(Gve, IsNotMisledByADeviceThatScribblesOverItsRings) {
    start();
    card.hold();
    for (u32 i = 0; i < 10; ++i) transmit(make_packet(make_frame(5000)));
    for (u64 address : card.rings()) std::memset(arch::direct({address}), 0xff, page_size / 2);
    transmit(make_packet(make_frame(1000)));
    ASSERT_TRUE(receive(make_frame(60)));
    run();
    EXPECT_TRUE(sink.packets.empty());
    expect_recovery();
}

TEST_P(Gve, DropsWhatThereIsNoMemoryFor) {
    start();
    for (u64 nth : {1, 2}) {
        ASSERT_TRUE(receive(make_frame(8910)));
        memory::fail_allocation(nth);
        EXPECT_FALSE(received());
        memory::fail_allocation(0);
        EXPECT_EQ(net->counters(0).receive_no_memory, nth);
        ASSERT_TRUE(receive(make_frame(1514)));
        EXPECT_TRUE(received());
    }
}

TEST_P(Gve, DoesNotStartWithoutMemory) {
    for (u64 nth : {1, 2}) {
        Rig rig(GetParam());
        rig.make();
        memory::fail_allocation(nth);
        auto opened = rig.net->open();
        memory::fail_allocation(0);
        ASSERT_FALSE(opened) << nth;
        EXPECT_EQ(opened.error(), Error::no_memory);
    }
    for (u64 nth : {1, 2, 3, 4, 100, 259, 260, 261, 262, 263}) {
        Rig rig(GetParam());
        ASSERT_TRUE(rig.open());
        memory::fail_allocation(nth);
        rig.net->start(rig.sink);
        memory::fail_allocation(0);
        rig.expect_down();
    }
}

}  // namespace
}  // namespace spore::drivers::gve
