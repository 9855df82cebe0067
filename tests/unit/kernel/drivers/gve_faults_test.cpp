// How the gVNIC driver sets a device up, and one that does not keep the rules.
#include "arch/cpu.hpp"
#include "tests/unit/kernel/drivers/gve_rig.hpp"

namespace spore::drivers::gve {
namespace {

using namespace wire::gve;
using device::Checksum;
using fakes::GveCard;
using fakes::make_frame;
using fakes::make_packet;

class GveSetUp : public GveCase {};
class GveFaults : public GveCase {};
INSTANTIATE_TEST_SUITE_P(Kinds, GveSetUp, kinds(), name_of);
INSTANTIATE_TEST_SUITE_P(Kinds, GveFaults, kinds(), name_of);

TEST_P(GveSetUp, LearnsWhatTheDeviceIs) {
    start();
    EXPECT_EQ(net->mac(), (device::MacAddress{{0x42, 0x01, 0x0a, 0x80, 0x00, 0x02}}));
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

TEST_P(GveSetUp, TakesADeviceAwayFromWhoeverUsedItBefore) {
    card.was_used = true;
    start();
    EXPECT_EQ(card.resets, 1u);
    works();
}

TEST_P(GveSetUp, BelievesNothingAboutTypesThatItIsNotTold) {
    card.unknown = {Opcode::get_packet_types, Opcode::verify_driver};
    start();
    ASSERT_TRUE(receive(make_frame(60), {.type = tcp4, .status = Received::processed}));
    run();
    EXPECT_EQ(sink.packets.pop_front()->checksum, Checksum::unknown);
    works();
}

TEST_P(GveSetUp, RefusesADeviceThatItCannotUse) {
    auto refused = [](auto change, Error error) { fakes::expect_refused<Rig>(GetParam(), change, error); };
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

TEST_P(GveSetUp, DoesWithoutWhatADeviceDoesNotHave) {
    card.jumbo_mtu = card.buffer_size = card.features = 0;
    card.counters = 0;
    start();
    EXPECT_EQ(net->mtu(), 1460);
    works();
}

TEST_P(GveSetUp, GivesUpOnADeviceThatDoesNotAnswer) {
    auto silent = [](auto change, Duration most) { fakes::expect_given_up<Rig>(GetParam(), change, most); };
    silent([](auto& card) { card.was_used = true, card.finishes_reset = false; }, Duration::ms(10'100));
    silent([](auto& card) { card.answers_commands = false; }, Duration::ms(2100));
}

TEST_P(GveSetUp, DoesNotStartWhereTheDeviceNamesPlacesThatItHasNotOrRefuses) {
    auto refused = [](auto change) { fakes::expect_not_started<Rig>(GetParam(), change); };
    refused([](auto& card) { card.far_queue = GveCard::doorbell_count; });
    refused([](auto& card) { card.far_queue = 0xf000'0000; });
    refused([](auto& card) { card.far_interrupt = GveCard::doorbell_count; });
    for (u32 messages : {0u, 1u, 2u}) refused([&](auto& card) { card.messages = messages; });
    for (auto opcode : {Opcode::configure, Opcode::create_send_queue, Opcode::create_receive_queue}) refused([&](auto& card) { card.refused.insert(opcode); });
}

TEST_P(GveSetUp, DoesNotStartWithoutMemory) {
    fakes::expect_no_start_without_memory<Rig>(GetParam(), {1, 2}, {1, 2, 3, 4, 100, 259, 260, 261, 262, 263});
}

TEST_P(GveFaults, DoesNotBelieveTheDeviceWhatItSaysTooEarly) {
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

TEST_P(GveFaults, ResetsADeviceThatSendsNoMore) {
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

TEST_P(GveFaults, ResetsADeviceThatAsksForIt) {
    start();
    card.ask_for_reset();
    expect_recovery();
}

TEST_P(GveFaults, IsDownWhenItDoesNotRecover) {
    auto fails = [](auto change) { fakes::expect_not_recovered<Rig>(GetParam(), [](auto& card) { card.ask_for_reset(); }, change); };
    fails([](auto& card) { card.finishes_reset = false; });
    fails([](auto& card) { card.gone = true; });
    fails([](auto& card) { card.answers_commands = false; });
    fails([](auto& card) { card.address[5] = 7; });
    fails([](auto& card) { card.jumbo_mtu = 1500; });
    fails([](auto& card) { card.send_entries = 2048; });
    fails([](auto& card) { card.receive_entries = 2048; });
    fails([](auto& card) { card.refused.insert(Opcode::create_receive_queue); });
}

Received strange(u16 id, u32 size, u8 status = Received::done | Received::last) {
    Received found{};
    found.id = id;
    found.size = static_cast<u16>(size);
    found.status = status;
    return found;
}

TEST_P(GveFaults, DropsWhatMakesNoSense) {
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

TEST_P(GveFaults, ResetsADeviceThatNamesBuffersThatItHasNot) {
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

TEST_P(GveFaults, ResetsADeviceThatNamesPacketsThatItHasNot) {
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

TEST_P(GveFaults, IsNotMisledByADeviceThatScribblesOverItsRings) {
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

TEST_P(GveFaults, DropsWhatThereIsNoMemoryFor) {
    start();
    expect_dropped_without_memory();
}

}  // namespace
}  // namespace spore::drivers::gve
