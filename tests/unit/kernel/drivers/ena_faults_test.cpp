// How the ENA driver sets a device up, and one that does not keep the rules.
#include "arch/cpu.hpp"
#include "tests/unit/kernel/drivers/ena_rig.hpp"

namespace spore::drivers::ena {
namespace {

using namespace wire::ena;
using fakes::EnaCard;
using fakes::let_time_pass;
using fakes::make_frame;
using fakes::make_packet;

class EnaSetUp : public EnaCase {};
class EnaFaults : public EnaCase {};
INSTANTIATE_TEST_SUITE_P(Queues, EnaSetUp, all_queues(), name_of);
INSTANTIATE_TEST_SUITE_P(Queues, EnaFaults, all_queues(), name_of);

TEST_P(EnaSetUp, LearnsWhatTheDeviceIs) {
    start();
    EXPECT_EQ(net->mac(), (device::MacAddress{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}}));
    EXPECT_STREQ(net->driver(), "ena");
    EXPECT_EQ(net->mtu(), 9001);
    EXPECT_EQ(card.mtu, 9001u);
    EXPECT_TRUE(net->link_up());
    EXPECT_TRUE(net->features().send_checksum && net->features().receive_checksum);
    EXPECT_TRUE(net->features().send_tcp4_segments && net->features().send_tcp6_segments && !net->features().send_udp_segments);
    EXPECT_EQ(card.uses_memory, in_memory());
}

TEST_P(EnaSetUp, ReadsRegistersPlainlyWhereTheDeviceSaysSo) {
    card.plain = true;
    card.answers_reads = false;
    start();
    EXPECT_TRUE(net->link_up());
}

TEST_P(EnaSetUp, HasALinkWhereTheDeviceTellsNothingOfIt) {
    card.groups = 0;
    ASSERT_TRUE(open());
    net->start(sink);
    EXPECT_TRUE(net->link_up());
}

TEST_P(EnaSetUp, RefusesADeviceThatItCannotUse) {
    auto refused = [](auto change, Error error) { fakes::expect_refused<Rig>(GetParam(), change, error); };
    refused([](auto& card) { card.version = 0; }, Error::not_supported);
    refused([](auto& card) { card.controller_version = 0xff00'0000; }, Error::not_supported);
    refused([](auto& card) { card.address_width = 32; }, Error::not_supported);
    refused([](auto& card) { card.address_width = 64; }, Error::not_supported);
    refused([](auto& card) { card.ready = false; }, Error::io);
    refused([](auto& card) { card.reset_timeout = 0; }, Error::io);
    refused([](auto& card) { card.wrong_read = true; }, Error::io);
    refused([](auto& card) { card.wrong_number = true; }, Error::io);
    refused([](auto& card) { card.address = {}; }, Error::io);
    refused([](auto& card) { card.address[0] = 1; }, Error::io);
    refused([](auto& card) { card.most_mtu = 1000; }, Error::io);
    refused([](auto& card) { card.limits.version = 2; }, Error::not_supported);
    refused([](auto& card) { card.limits.send_depth = 128; }, Error::not_supported);
    refused([](auto& card) { card.limits.receive_depth = 128; }, Error::not_supported);
    refused([](auto& card) { card.limits.receive_completion_depth = 128; }, Error::not_supported);
    refused([](auto& card) { card.limits.send_descriptors = 2; }, Error::not_supported);
    refused([](auto& card) { card.limits.receive_descriptors = 0; }, Error::not_supported);
    refused([](auto& card) { card.refused.insert(256 + static_cast<u32>(Feature::attributes)); }, Error::io);
    refused([](auto& card) { card.refused.insert(256 + static_cast<u32>(Feature::mtu)); }, Error::io);
}

TEST_P(EnaSetUp, GivesUpOnADeviceThatDoesNotAnswer) {
    auto silent = [](auto change, Duration most) { fakes::expect_given_up<Rig>(GetParam(), change, most); };
    silent([](auto& card) { card.answers_reads = false; }, Duration::ms(250));
    silent([](auto& card) { card.finishes_reset = false; }, Duration::ms(550));
    silent([](auto& card) { card.answers_commands = false; }, Duration::ms(3100));
    silent([](auto& card) { card.answers_commands = false, card.command_timeout = 2; }, Duration::ms(250));
}

TEST_P(EnaSetUp, DoesWithoutWhatADeviceDoesNotHave) {
    card.features = 1 << static_cast<u32>(Feature::queue_limits);
    card.refused.insert(256 + static_cast<u32>(Feature::host));
    start();
    EXPECT_TRUE(net->link_up());
    EXPECT_FALSE(net->features().send_checksum || net->features().send_tcp4_segments || net->features().receive_checksum);
    EXPECT_FALSE(card.uses_memory);
    works();
}

TEST_P(EnaSetUp, LimitsPacketsToWhatTheDeviceReceives) {
    card.limits.receive_descriptors = 1;
    start();
    EXPECT_EQ(net->mtu(), 4096 - 18);
    EXPECT_EQ(card.mtu, 4096u - 18);
}

TEST_P(EnaSetUp, KeepsQueuesInOurMemoryWhereTheDevicesDoesNotSuit) {
    for (auto change : {+[](DeviceMemory& memory) { memory.queues = 0; }, +[](DeviceMemory& memory) { memory.depth = 128, memory.large_depth = 128; },
                        +[](DeviceMemory& memory) { memory.header_places = 2; }, +[](DeviceMemory& memory) { memory.strides = 1; },
                        +[](DeviceMemory& memory) { memory.before_header = 1; }, +[](DeviceMemory& memory) { memory.entry_sizes = 2; },
                        +[](DeviceMemory& memory) { memory.modes = mode_bursts, memory.most_burst = 128; }}) {
        Rig rig(GetParam());
        change(rig.card.device_memory);
        rig.start();
        EXPECT_FALSE(rig.card.uses_memory);
        rig.works();
    }
}

TEST_P(EnaSetUp, DoesNotStartWhereTheDeviceNamesPlacesThatItHasNot) {
    auto refused = [](auto change) { fakes::expect_not_started<Rig>(GetParam(), change); };
    refused([](auto& card) { card.far.doorbell = EnaCard::register_space; });
    refused([](auto& card) { card.far.doorbell = 2; });
    refused([](auto& card) { card.far.doorbell = 0xf000'0000; });
    refused([](auto& card) { card.far_unmask = EnaCard::register_space; });
    if (in_memory()) {
        refused([](auto& card) { card.far.entries = EnaCard::memory_size; });
        refused([](auto& card) { card.far.entries = 4; });
        refused([](auto& card) { card.far.entries = 0xf000'0000; });
    }
    refused([](auto& card) { card.messages = 0; });
    refused([](auto& card) { card.messages = 1; });
    refused([](auto& card) { card.refused.insert(static_cast<u32>(Opcode::create_completion)); });
}

TEST_P(EnaSetUp, DoesNotStartWithoutMemory) {
    fakes::expect_no_start_without_memory<Rig>(GetParam(), {1, 2, 3, 4, 5}, {1, 2, 3, 100, 259, 260, 261});
}

TEST_P(EnaFaults, ResetsADeviceThatGivesNoSignOfLife) {
    start();
    auto lives = [this] { card.keep_alive(); };
    pass_seconds(60, lives);
    EXPECT_FALSE(net->has_trouble());
    card.hold();
    transmit_many(300);
    pass_seconds(5);
    EXPECT_FALSE(net->has_trouble());
    pass_seconds(3);
    EXPECT_TRUE(net->has_trouble());
    card.resume();
    run();
    expect_recovery();
    EXPECT_EQ(card.reason, static_cast<u32>(ResetReason::no_keep_alive));
    pass_seconds(60, lives);
    EXPECT_FALSE(net->has_trouble());
    pass_seconds(8);
    expect_recovery();
}

TEST_P(EnaFaults, WaitsForSignsAsLongAsTheDeviceSays) {
    card.keep_alive_ms = 20'000;
    start();
    let_time_pass(Duration::seconds(15));
    time::run_expired();
    EXPECT_FALSE(net->has_trouble());
    card.event(EventGroup::notification, syndrome_new_hints, {u32{5000} << 16});
    let_time_pass(Duration::seconds(2));
    time::run_expired();
    EXPECT_TRUE(net->has_trouble());
    expect_recovery();
}

TEST_P(EnaFaults, WaitsForNoSignsWhereThereAreNone) {
    card.groups = group_bit(EventGroup::link);
    start();
    let_time_pass(Duration::seconds(1000));
    time::run_expired();
    EXPECT_FALSE(net->has_trouble());
}

TEST_P(EnaFaults, ResetsADeviceThatReportsAnErrorOrAsksForIt) {
    start();
    for (auto group : {EventGroup::fatal, EventGroup::reset_request}) {
        card.event(group);
        if (group == EventGroup::reset_request && !net->has_trouble()) continue;
        expect_recovery();
    }
}

TEST_P(EnaFaults, IsDownWhenItDoesNotRecover) {
    auto fails = [](auto change) { fakes::expect_not_recovered<Rig>(GetParam(), [](auto& card) { card.event(EventGroup::fatal); }, change); };
    fails([](auto& card) { card.answers_reads = false; });
    fails([](auto& card) { card.finishes_reset = false; });
    fails([](auto& card) { card.answers_commands = false; });
    fails([](auto& card) { card.address[5] = 7; });
    fails([](auto& card) { card.most_mtu = 1500; });
    fails([](auto& card) { card.offloads.send = 0; });
    fails([](auto& card) { card.refused.insert(static_cast<u32>(Opcode::create_submission)); });
}

TEST_P(EnaFaults, DropsWhatMakesNoSense) {
    start();
    constexpr u32 whole = Received::first | Received::last;
    auto complete = [&](u32 status, u16 size, u8 offset = 0) {
        card.complete_receive({.status = status, .size = size, .request = card.take_buffer(), .hash = 0, .queue = 0, .offset = offset, .reserved = 0});
    };
    complete(whole, 4097);  // more than there is room for
    complete(whole, 0xffff);
    complete(whole, 4090, 7);
    complete(whole, 13);
    complete(whole, 0);
    complete(Received::first, 60);
    complete(Received::last, 0);
    complete(Received::first, 5000);
    complete(0, 60);
    complete(Received::last, 60);
    EXPECT_FALSE(received());
    EXPECT_EQ(net->counters(0).receive_errors, 7u);
    ASSERT_TRUE(receive(make_frame(60)));
    EXPECT_TRUE(received());
    EXPECT_FALSE(net->has_trouble());
}

TEST_P(EnaFaults, ResetsADeviceThatNamesBuffersThatItHasNotOrPiecesThatMakeNoPacket) {
    constexpr u32 whole = Received::first | Received::last;
    for (Received wrong : {Received{.status = whole, .size = 60, .request = ReceiveRing::size, .hash = 0, .queue = 0, .offset = 0, .reserved = 0},
                           {.status = whole, .size = 60, .request = ReceiveRing::size - 1, .hash = 0, .queue = 0, .offset = 0, .reserved = 0},
                           {.status = whole, .size = 60, .request = 0xffff, .hash = 0, .queue = 0, .offset = 0, .reserved = 0},
                           {.status = Received::last, .size = 60, .request = 0, .hash = 0, .queue = 0, .offset = 0, .reserved = 0}}) {
        Rig rig(GetParam());
        rig.start();
        rig.card.complete_receive(wrong);
        run();
        EXPECT_TRUE(rig.sink.packets.empty());
        rig.expect_recovery();
    }
    Rig rig(GetParam());
    rig.start();
    for (u16 i = 0; i < 2; ++i) rig.card.complete_receive({.status = Received::first, .size = 60, .request = i, .hash = 0, .queue = 0, .offset = 0, .reserved = 0});
    run();
    rig.expect_recovery();
}

TEST_P(EnaFaults, ResetsADeviceThatNamesPacketsThatItHasNot) {
    for (u16 wrong : {u16{1}, u16{255}, u16{256}, u16{0xffff}}) {
        Rig rig(GetParam());
        rig.start();
        rig.card.hold();
        rig.transmit(make_packet(make_frame(5000)));
        rig.card.complete_send(wrong);
        rig.transmit(make_packet(make_frame(60)));
        rig.expect_recovery();
    }
    Rig rig(GetParam());
    rig.start();
    rig.card.hold();
    rig.transmit(make_packet(make_frame(60)));
    for (u32 i = 0; i < 2; ++i) rig.card.complete_send(0);  // twice
    rig.transmit(make_packet(make_frame(60)));
    rig.expect_recovery();
}

TEST_P(EnaFaults, IsNotMisledByADeviceThatScribblesOverItsRings) {
    start();
    card.hold();
    for (u32 i = 0; i < 10; ++i) transmit(make_packet(make_frame(5000)));
    for (u64 address : card.rings()) std::memset(arch::direct({address & ~(page_size - 1)}), 0xff, page_size);
    transmit(make_packet(make_frame(1000)));
    ASSERT_TRUE(receive(make_frame(60)));
    run();
    EXPECT_TRUE(sink.packets.empty());
    expect_recovery();
}

TEST_P(EnaFaults, DropsWhatThereIsNoMemoryFor) {
    start();
    expect_dropped_without_memory();
}

}  // namespace
}  // namespace spore::drivers::ena
