// The ENA driver with a device that keeps the rules, and with one that does not.
#include "kernel/drivers/net/ena/device.hpp"

#include <gtest/gtest.h>

#include "arch/cpu.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/ena.hpp"
#include "tests/fakes/net/frames.hpp"
#include "tests/unit/kernel/drivers/card_rig.hpp"
#include "tests/unit/kernel/drivers/tcp_packet.hpp"

namespace spore::drivers::ena {
namespace {

using namespace wire::ena;
using device::Checksum;
using fakes::Bytes;
using fakes::EnaCard;
using fakes::make_frame;
using fakes::make_packet;
using fakes::make_tcp_packet;
using fakes::operator+;

void let_time_pass(Duration span) { fakes::set_time(time::now().nanoseconds + static_cast<u64>(span.nanoseconds)); }
void pause() { let_time_pass(Duration::ms(1)); }

enum class Queues : u8 { host, host_one_interrupt, memory, memory_wide };

wire::ena::DeviceMemory memory_of(Queues queues) {
    DeviceMemory memory{.queues = 8, .depth = 1024, .header_places = 3, .header_place = 0, .entry_sizes = 7, .entry_size = 0, .before_header = 0xf, .before_header_chosen = 0,
                        .strides = 3, .stride = 0, .version = 1, .recommended_entry_size = 0, .large_depth = 512, .modes = 0, .most_burst = 0, .reserved = 0};
    if (queues == Queues::memory_wide) {
        memory.recommended_entry_size = entry_of_256;
        memory.modes = mode_no_stored_meta | mode_bursts;
        memory.most_burst = 8 * 256;
    }
    return memory;
}

/// A driver, its card and its stack.
class Rig : public fakes::CardRig<Device> {
public:
    explicit Rig(Queues queues) {
        if (queues == Queues::host_one_interrupt) card.messages = 2;
        if (queues >= Queues::memory) card.device_memory = memory_of(queues);
    }
    ~Rig() {
        bool was_made = net.has_value();
        end();
        EXPECT_FALSE(card.active);
        EXPECT_EQ(card.is_cut_off, was_made);
        fakes::set_time(began_.nanoseconds);
    }
    void make() { net.emplace(card.hardware(), EnaCard::register_space, Memory{card.memory(), EnaCard::memory_size}, card.plain, pause); }
    Result<void> open() {
        make();
        return net->open();
    }
    void start() {
        ASSERT_TRUE(open());
        net->start(sink);
        card.set_link(true);
    }
    bool receive(Bytes frame, u32 status = 0, u32 piece = 4096, u8 offset = 0) { return card.receive(as_broadcast(std::move(frame)), status, piece, offset); }
    /// The device is to be reset, and is.
    void expect_recovery() {
        EXPECT_FALSE(net->link_up());
        EXPECT_TRUE(net->has_trouble());
        unsigned resets = card.resets;
        net->recover();
        EXPECT_EQ(card.resets, resets + 1);
        card.set_link(true);
        EXPECT_TRUE(net->link_up());
        EXPECT_EQ(net->untaken(), 0u);
        sink.packets.clear();
        (void)card.take_sent();
        works();
    }
    void works() {
        for (u32 i = 0; i < 600; ++i) {
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

    EnaCard card;

private:
    Instant began_ = time::now();
};

class Ena : public testing::TestWithParam<Queues>, protected Rig {
protected:
    Ena() : Rig(GetParam()) {}
    bool in_memory() const { return GetParam() >= Queues::memory; }
};
constexpr const char* queue_names[] = {"Host", "HostOneInterrupt", "Memory", "MemoryWide"};
INSTANTIATE_TEST_SUITE_P(Queues, Ena, testing::Values(Queues::host, Queues::host_one_interrupt, Queues::memory, Queues::memory_wide),
                         [](auto& queues) { return std::string(queue_names[static_cast<u32>(queues.param)]); });

constexpr device::MacAddress card_address{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};
constexpr u32 tcp4_right = Received::transport_checked | tcp | ip4;

TEST_P(Ena, LearnsWhatTheDeviceIs) {
    start();
    EXPECT_EQ(net->mac(), card_address);
    EXPECT_STREQ(net->driver(), "ena");
    EXPECT_EQ(net->mtu(), 9001);
    EXPECT_EQ(card.mtu, 9001u);
    EXPECT_TRUE(net->link_up());
    EXPECT_TRUE(net->features().send_checksum && net->features().receive_checksum);
    EXPECT_TRUE(net->features().send_tcp4_segments && net->features().send_tcp6_segments && !net->features().send_udp_segments);
    EXPECT_EQ(card.uses_memory, in_memory());
}

TEST_P(Ena, ReadsRegistersPlainlyWhereTheDeviceSaysSo) {
    card.plain = true;
    card.answers_reads = false;
    start();
    EXPECT_TRUE(net->link_up());
}

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
        for (u32 payload : {1000u, 3u, 0u}) {
            transmit(make_tcp_packet(card_address, v4, payload));
            auto sent = card.take_sent();
            ASSERT_EQ(sent.size(), 1u);
            auto parsed = fakes::parse_frame(sent[0]);
            ASSERT_TRUE(parsed);
            EXPECT_EQ(Bytes(parsed->payload.begin() + 32, parsed->payload.end()), fakes::pattern_bytes(payload));
        }
        transmit(make_packet(make_frame(100)));  // which has none
        EXPECT_EQ(card.take_sent(), std::vector<Bytes>{make_frame(100)});
    }
    // Where headers are is said again only when it has changed, but for devices that remember nothing.
    EXPECT_EQ(card.metas, GetParam() == Queues::memory_wide ? 12u : 2u);
}

TEST_P(Ena, LetsTheDeviceCutSegments) {
    start();
    for (bool v4 : {true, false, true}) {
        transmit(fakes::make_uncut_packet(card_address, v4));
        fakes::expect_cut(card.take_sent());
        transmit(make_tcp_packet(card_address, v4, 100));
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
    card.hold();
    transmit_many(300);
    run();
    card.resume();
    run();
    EXPECT_EQ(card.take_sent().size(), 300u);
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

TEST_P(Ena, HasALinkWhereTheDeviceTellsNothingOfIt) {
    card.groups = 0;
    ASSERT_TRUE(open());
    net->start(sink);
    EXPECT_TRUE(net->link_up());
}

TEST_P(Ena, ResetsADeviceThatGivesNoSignOfLife) {
    start();
    auto pass = [&](u32 seconds, bool lives) {
        for (u32 i = 0; i < seconds && !net->has_trouble(); ++i) {
            let_time_pass(Duration::seconds(1));
            if (lives) card.keep_alive();
            time::run_expired();
        }
    };
    pass(60, true);
    EXPECT_FALSE(net->has_trouble());
    card.hold();
    transmit_many(300);
    pass(5, false);
    EXPECT_FALSE(net->has_trouble());
    pass(3, false);
    EXPECT_TRUE(net->has_trouble());
    card.resume();
    run();
    expect_recovery();
    EXPECT_EQ(card.reason, static_cast<u32>(ResetReason::no_keep_alive));
    pass(60, true);
    EXPECT_FALSE(net->has_trouble());
    pass(8, false);
    expect_recovery();
}

TEST_P(Ena, WaitsForSignsAsLongAsTheDeviceSays) {
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

TEST_P(Ena, WaitsForNoSignsWhereThereAreNone) {
    card.groups = group_bit(EventGroup::link);
    start();
    let_time_pass(Duration::seconds(1000));
    time::run_expired();
    EXPECT_FALSE(net->has_trouble());
}

TEST_P(Ena, ResetsADeviceThatReportsAnErrorOrAsksForIt) {
    start();
    for (auto group : {EventGroup::fatal, EventGroup::reset_request}) {
        card.event(group);
        if (group == EventGroup::reset_request && !net->has_trouble()) continue;
        expect_recovery();
    }
}

TEST_P(Ena, IsDownWhenItDoesNotRecover) {
    auto fails = [&](auto change) {
        Rig rig(GetParam());
        rig.start();
        rig.card.hold();
        rig.transmit_many(300);
        rig.card.event(EventGroup::fatal);
        ASSERT_TRUE(rig.net->has_trouble());
        change(rig.card);
        rig.net->recover();
        rig.expect_down();
        EXPECT_EQ(rig.net->mac(), card_address);
        rig.net->recover();  // there is nothing to do
    };
    fails([](auto& card) { card.answers_reads = false; });
    fails([](auto& card) { card.finishes_reset = false; });
    fails([](auto& card) { card.answers_commands = false; });
    fails([](auto& card) { card.address[5] = 7; });
    fails([](auto& card) { card.most_mtu = 1500; });
    fails([](auto& card) { card.offloads.send = 0; });
    fails([](auto& card) { card.refused.insert(static_cast<u32>(Opcode::create_submission)); });
}

TEST_P(Ena, RefusesADeviceThatItCannotUse) {
    auto refused = [&](auto change, Error error) {
        Rig rig(GetParam());
        change(rig.card);
        auto opened = rig.open();
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error(), error);
    };
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

TEST_P(Ena, GivesUpOnADeviceThatDoesNotAnswer) {
    auto silent = [&](auto change, Duration most) {
        Rig rig(GetParam());
        change(rig.card);
        auto before = time::now();
        auto opened = rig.open();
        ASSERT_FALSE(opened);
        EXPECT_EQ(opened.error(), Error::timed_out);
        EXPECT_LE((time::now() - before).nanoseconds, most.nanoseconds);
    };
    silent([](auto& card) { card.answers_reads = false; }, Duration::ms(250));
    silent([](auto& card) { card.finishes_reset = false; }, Duration::ms(550));
    silent([](auto& card) { card.answers_commands = false; }, Duration::ms(3100));
    silent([](auto& card) { card.answers_commands = false, card.command_timeout = 2; }, Duration::ms(250));
}

TEST_P(Ena, DoesWithoutWhatADeviceDoesNotHave) {
    card.features = 1 << static_cast<u32>(Feature::queue_limits);
    card.refused.insert(256 + static_cast<u32>(Feature::host));
    start();
    EXPECT_TRUE(net->link_up());
    EXPECT_FALSE(net->features().send_checksum || net->features().send_tcp4_segments || net->features().receive_checksum);
    EXPECT_FALSE(card.uses_memory);
    works();
}

TEST_P(Ena, LimitsPacketsToWhatTheDeviceReceives) {
    card.limits.receive_descriptors = 1;
    start();
    EXPECT_EQ(net->mtu(), 4096 - 18);
    EXPECT_EQ(card.mtu, 4096u - 18);
}

TEST_P(Ena, KeepsQueuesInOurMemoryWhereTheDevicesDoesNotSuit) {
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

TEST_P(Ena, DoesNotStartWhereTheDeviceNamesPlacesThatItHasNot) {
    auto refused = [&](auto change) {
        Rig rig(GetParam());
        change(rig.card);
        ASSERT_TRUE(rig.open());
        rig.net->start(rig.sink);
        rig.expect_down();
        EXPECT_EQ(rig.sink.link_changes, 1u);
    };
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

TEST_P(Ena, DropsWhatMakesNoSense) {
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

TEST_P(Ena, ResetsADeviceThatNamesBuffersThatItHasNotOrPiecesThatMakeNoPacket) {
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

TEST_P(Ena, ResetsADeviceThatNamesPacketsThatItHasNot) {
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

TEST_P(Ena, IsNotMisledByADeviceThatScribblesOverItsRings) {
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

TEST_P(Ena, DropsWhatThereIsNoMemoryFor) {
    start();
    for (u64 nth : {1, 2}) {
        ASSERT_TRUE(receive(make_frame(9000)));
        memory::fail_allocation(nth);
        EXPECT_FALSE(received());
        memory::fail_allocation(0);
        EXPECT_EQ(net->counters(0).receive_no_memory, nth);
        ASSERT_TRUE(receive(make_frame(1514)));
        EXPECT_TRUE(received());
    }
}

TEST_P(Ena, DoesNotStartWithoutMemory) {
    for (u64 nth : {1, 2, 3, 4, 5}) {
        Rig rig(GetParam());
        rig.make();
        memory::fail_allocation(nth);
        auto opened = rig.net->open();
        memory::fail_allocation(0);
        ASSERT_FALSE(opened) << nth;
        EXPECT_EQ(opened.error(), Error::no_memory);
    }
    for (u64 nth : {1, 2, 3, 100, 259, 260, 261}) {
        Rig rig(GetParam());
        ASSERT_TRUE(rig.open());
        memory::fail_allocation(nth);
        rig.net->start(rig.sink);
        memory::fail_allocation(0);
        rig.expect_down();
    }
}

}  // namespace
}  // namespace spore::drivers::ena
