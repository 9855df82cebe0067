// How Hyper-V's network cards are set up, what else is said to them, and hosts that do not keep the rules.
#include <functional>

#include "kernel/drivers/hyperv/net/attach.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/net/frames.hpp"
#include "tests/unit/kernel/drivers/hyperv/net_rig.hpp"

namespace spore::drivers::hyperv::netvsc {
namespace {

using namespace wire::hyperv;
namespace rndis = wire::rndis;
using fakes::Bytes;
using fakes::HypervHost;
using fakes::make_frame;
using fakes::make_packet;
using fakes::NetvscHost;
using fakes::operator+;
using Step = NetvscHost::Step;
using Answer = NetvscHost::Answer;

class HypervNetControl : public testing::Test, protected Rig {};

TEST_F(HypervNetControl, AgreesWithItsHost) {
    start();
    EXPECT_EQ(net->mac(), host.address);
    EXPECT_EQ(net->mtu(), 1500);
    EXPECT_STREQ(net->driver(), "netvsc");
    EXPECT_EQ(net->queue_pairs(), 1);
    auto& features = net->features();
    EXPECT_TRUE(features.send_checksum && features.receive_checksum && features.send_tcp4_segments && features.send_tcp6_segments);
    EXPECT_FALSE(features.send_udp_segments);
    EXPECT_EQ(features.max_send_size, 0xf53cu);
    EXPECT_EQ(host.steps.back(), Step::filter);
    EXPECT_EQ(host.filter, 0xdu);
    auto& set = host.parameters;
    for (u8 value : {set.ip4, set.tcp4, set.udp4, set.tcp6, set.udp6}) EXPECT_EQ(value, 4);
    EXPECT_EQ(set.segments4, 2);
    EXPECT_EQ(set.segments6, 2);
}

TEST_F(HypervNetControl, FollowsTheLink) {
    start();
    host.set_link(true);
    run();
    EXPECT_EQ(sink.link_changes, 0u);
    host.set_link(false);
    run();
    EXPECT_FALSE(net->link_up());
    EXPECT_EQ(sink.link_changes, 1u);
    host.set_link(true);
    run();
    EXPECT_TRUE(net->link_up());
    EXPECT_EQ(sink.link_changes, 2u);
    EXPECT_EQ(host.undelivered(), 0u);
}

TEST_F(HypervNetControl, BeginsWithTheLinkAsItIs) {
    host.connected = 1;
    ASSERT_TRUE(open());
    EXPECT_FALSE(net->link_up());
    host.set_link(true);  // before anybody listens
    net->start(sink);
    run();
    EXPECT_TRUE(net->link_up());
    EXPECT_EQ(host.undelivered(), 0u);
}

TEST_F(HypervNetControl, HandsEverythingOnWhenItIsAskedTo) {
    start();
    net->set_promiscuous(true);
    EXPECT_EQ(host.filter, 0x2du);
    net->set_promiscuous(false);  // the first one's answer was not read yet
    run();
    EXPECT_EQ(host.filter, 0xdu);
    net->set_promiscuous(true), net->set_promiscuous(false), run();
    EXPECT_EQ(host.filter, 0xdu);
    EXPECT_TRUE(net->link_up());
}

TEST_F(HypervNetControl, TakesNoAnswerForAnother) {
    start();
    host.holds = true;
    net->set_promiscuous(true);
    rndis::WasSet other{{rndis::Kind::was_set, sizeof other}, 77, 1};
    ASSERT_TRUE(host.deliver_message(fakes::ChannelEnd::copy_of(bytes_of(other))));
    run();
    host.resume();
    run();
    EXPECT_EQ(host.filter, 0x2du);
    EXPECT_TRUE(net->link_up());
}

TEST_F(HypervNetControl, IsNoCardOfAnyUseWithoutItsFilter) {
    host.answers[Step::filter] = Answer::refused;
    ASSERT_TRUE(open());
    net->start(sink);
    expect_down();
}

TEST_F(HypervNetControl, DoesWithoutWhatTheHostCannotDo) {
    host.can.send6.what = 0x15;  // no UDP
    start();
    EXPECT_FALSE(net->features().send_checksum || net->features().send_tcp4_segments);
    EXPECT_EQ(net->features().max_send_size, 1514u);
    EXPECT_EQ(host.parameters.udp6, 3);  // received ones are looked at
    EXPECT_EQ(host.parameters.segments4, 1);

    Rig second;
    second.host.can.framing6 = 0;
    second.host.can.largest4 = 30000;
    second.start();
    EXPECT_TRUE(second.net->features().send_tcp4_segments);
    EXPECT_FALSE(second.net->features().send_tcp6_segments);
    EXPECT_EQ(second.net->features().max_send_size, 30000u);
    EXPECT_EQ(second.host.parameters.segments6, 1);
}

constexpr Step answered[] = {Step::init, Step::receive_buffer, Step::send_buffer, Step::initialize, Step::address,
                             Step::frame_size, Step::connected, Step::capabilities, Step::parameters};

TEST(HypervNetSetUp, WhatIsRefusedAnywhere) {
    for (auto step : answered)
        for (auto answer : {Answer::refused, Answer::nonsense}) {
            Rig rig;
            rig.host.answers[step] = answer;
            auto opened = rig.open();
            if (step >= Step::capabilities) {
                ASSERT_TRUE(opened) << static_cast<int>(step);
                EXPECT_FALSE(rig.net->features().send_checksum);
                rig.net->start(rig.sink);
                rig.run();
                EXPECT_TRUE(rig.net->link_up());
                rig.transmit(make_packet(make_frame(60)));
                EXPECT_EQ(rig.host.take_wire().size(), 1u);
                continue;
            }
            ASSERT_FALSE(opened) << static_cast<int>(step);
            auto refusal = step == Step::receive_buffer || step == Step::send_buffer ? Error::no_memory : Error::not_supported;
            EXPECT_EQ(opened.error(), answer == Answer::refused ? refusal : Error::io) << static_cast<int>(step);
        }
}

TEST(HypervNetSetUp, GivesUpOnAHostThatDoesNotAnswer) {
    for (auto step : answered)
        EXPECT_TRUE(fakes::simulate({}, [step] {
            NetvscHost host;
            host.answers[step] = Answer::none;
            auto& bus = *new Bus;
            ASSERT_TRUE(bus.connect());
            EXPECT_EQ((*new Device).open(bus, bus.offers()[0]).error(), Error::timed_out) << static_cast<int>(step);
        }));
}

TEST(HypervNetSetUp, WhatMakesNoSense) {
    auto refused = [](auto change) {
        Rig rig;
        change(rig.host);
        auto opened = rig.open();
        return opened ? Error{} : opened.error();
    };
    EXPECT_EQ(refused([](auto& host) { host.section_size = 100; }), Error::invalid);
    EXPECT_EQ(refused([](auto& host) { host.section_size = 256 * 1024; }), Error::invalid);
    EXPECT_EQ(refused([](auto& host) { host.receive_section = 1499; }), Error::invalid);
    EXPECT_EQ(refused([](auto& host) { host.receive_section = 2 << 20; }), Error::invalid);
    EXPECT_EQ(refused([](auto& host) { host.most_ranges = 1; }), Error::invalid);
    EXPECT_EQ(refused([](auto& host) { host.address = {{1, 0, 0, 0, 0, 1}}; }), Error::invalid);
    EXPECT_EQ(refused([](auto& host) { host.address = {}; }), Error::invalid);
    EXPECT_EQ(refused([](auto& host) { host.frame_size = 67; }), Error::invalid);
    EXPECT_EQ(refused([](auto& host) { host.medium = 1; }), Error::not_supported);
    Rig rig;
    rig.host.frame_size = 1000;
    rig.host.section_size = 1024;  // 64 slots and more
    rig.start();
    EXPECT_EQ(rig.net->mtu(), 1000);
    rig.host.keeps = true;
    rig.transmit_many(100);
    EXPECT_EQ(rig.host.sent.size(), 63u);
    rig.host.resume();
    rig.run();
    rig.expect_all_sent(rig.host.take_wire(), 100);
}

TEST(HypervNetSetUp, EveryAllocationMayFail) {
    u64 failed = 0;
    for (u64 nth = 1;; ++nth) {
        Rig rig;
        rig.bus = std::make_unique<Bus>();
        ASSERT_TRUE(rig.bus->connect());
        rig.net.emplace();
        memory::fail_allocation(nth);
        auto opened = rig.net->open(*rig.bus, rig.bus->offers()[0]);
        if (memory::fail_allocation(0)) break;
        if (opened) continue;  // with a smaller buffer
        ++failed;
        EXPECT_EQ(opened.error(), Error::no_memory) << nth;
    }
    EXPECT_GE(failed, 2u);
}

TEST_F(HypervNetControl, WhatItDoesNotKnowIsLeft) {
    start();
    auto message = [](u32 kind, u32 size) {
        Bytes bytes(size);
        std::memcpy(bytes.data(), &kind, 4), std::memcpy(bytes.data() + 4, &size, 4);
        return bytes;
    };
    for (u32 kind : {2u, 3u, 4u, 5u, 6u, 7u, 8u, 9u, 0x8000'0002u, 0x8000'0004u, 0x8000'0005u, 0xff00'0001u})
        for (u32 size : {8u, 16u, 20u, 60u, 1000u}) ASSERT_TRUE(host.deliver_message(message(kind, size)));
    // Told without being asked: who may use what, and about another card.
    for (u32 kind : {128u, 130u, 134u, 9999u}) {
        std::vector<u8> data(96);
        std::memcpy(data.data(), &kind, 4);
        EXPECT_TRUE(host.end().put({.kind = PacketKind::in_band, .data = data}));
    }
    ASSERT_TRUE(host.deliver({make_frame(13), make_frame(65549 + 1), make_frame(77)}));
    EXPECT_EQ(received_whole(), make_frame(77));
    EXPECT_EQ(net->counters(0).receive_errors, 2u);
    EXPECT_EQ(host.undelivered(), 0u);
    EXPECT_TRUE(net->link_up());
    EXPECT_EQ(sink.link_changes, 0u);
}

TEST(HypervNetMistakes, AreTheEndOfTheCardAndOfNothingElse) {
    auto raw = [](Rig& rig, PacketKind kind, u64 transaction, Bytes head, Bytes data) {
        EXPECT_TRUE(rig.host.end().put({.kind = kind, .flags = 0, .transaction = transaction, .head = std::move(head), .data = std::move(data)}));
    };
    auto words = [](std::initializer_list<u32> list) {
        Bytes bytes(list.size() * 4);
        std::memcpy(bytes.data(), std::data(list), bytes.size());
        return bytes;
    };
    auto done = [](Rig& rig, u64 transaction, const Bytes& bytes) { EXPECT_TRUE(rig.host.end().complete(transaction, std::as_bytes(std::span(bytes)))); };
    auto changed = [](Rig& rig, std::size_t word, u32 value, u32 sums = 0) {
        auto message = NetvscHost::message_of(make_frame(200), sums);
        std::memcpy(message.data() + word * 4, &value, 4);
        EXPECT_TRUE(rig.host.deliver_message(message));
    };
    const Bytes told = words({107, 0, ~0u, 0});
    const std::function<void(Rig&)> mistakes[] = {
        // completions of what was not sent, of what was completed, and of other kinds
        [&](Rig& rig) { done(rig, 0, words({108, 1})); },
        [&](Rig& rig) { done(rig, 1, words({108, 1})); },
        [&](Rig& rig) { done(rig, 9, words({108, 1})); },
        [&](Rig& rig) { done(rig, 65, words({108, 1})); },
        [&](Rig& rig) { done(rig, ~u64{0}, words({108, 1})); },
        [&](Rig& rig) { done(rig, 2, words({102, 1})); },
        [&](Rig& rig) { done(rig, 2, {}); },
        [&](Rig& rig) { for (u32 i = 0; i < 2; ++i) done(rig, 2, words({108, 1})); },
        // ranges
        [&](Rig& rig) { raw(rig, PacketKind::transfer_pages, 7, {}, told); },
        [&](Rig& rig) { raw(rig, PacketKind::transfer_pages, 7, words({0xcaff, 0}), told); },
        [&](Rig& rig) { raw(rig, PacketKind::transfer_pages, 7, words({0xcafe, 1}), told); },
        [&](Rig& rig) { raw(rig, PacketKind::transfer_pages, 7, words({0xcafe, ~0u, 0, 0}), told); },
        [&](Rig& rig) { raw(rig, PacketKind::transfer_pages, 7, words({0xcafe, 0}), words({108, 1})); },
        [&](Rig& rig) { raw(rig, PacketKind::transfer_pages, 7, words({0xcafe, 0}), {}); },
        [&](Rig& rig) { raw(rig, PacketKind::transfer_pages, 7, words({0xcafe, 1, 100, 1 << 20}), told); },
        [&](Rig& rig) { raw(rig, PacketKind::transfer_pages, 7, words({0xcafe, 1, 2 << 20, 0}), told); },
        [&](Rig& rig) { raw(rig, PacketKind::transfer_pages, 7, words({0xcafe, 1, 100, ~0u}), told); },
        [&](Rig& rig) { raw(rig, PacketKind::transfer_pages, 7, words({0xcafe, 1, ~0u, 100}), told); },
        [&](Rig& rig) { raw(rig, PacketKind::transfer_pages, 7, words({0xcafe, 1, 7, 0}), told); },
        // other kinds
        [&](Rig& rig) { raw(rig, PacketKind::direct, 7, {}, told); },
        [&](Rig& rig) { raw(rig, PacketKind{1}, 7, {}, told); },
        // messages: its length, where the frame and what is said of it lie
        [&](Rig& rig) { changed(rig, 1, 7); },
        [&](Rig& rig) { changed(rig, 1, 20); },
        [&](Rig& rig) { changed(rig, 1, 2 << 20); },
        [&](Rig& rig) { changed(rig, 2, 300); },
        [&](Rig& rig) { changed(rig, 2, ~0u); },
        [&](Rig& rig) { changed(rig, 3, 201); },
        [&](Rig& rig) { changed(rig, 3, ~0u); },
        [&](Rig& rig) { changed(rig, 7, 2000, 1); },
        [&](Rig& rig) { changed(rig, 8, 2000, 1); },
        [&](Rig& rig) { changed(rig, 8, ~0u); },
        [&](Rig& rig) { changed(rig, 11, 0, 1); },
        [&](Rig& rig) { changed(rig, 11, 11, 1); },
        [&](Rig& rig) { changed(rig, 11, 17, 1); },
        [&](Rig& rig) {  // what is said of the frame goes on within it
            Bytes frame, one = words({12, 9, 0});
            for (u32 i = 0; i < 30; ++i) frame = frame + one;
            auto message = NetvscHost::message_of(frame, 1);
            message[44] = 28;
            EXPECT_TRUE(rig.host.deliver_message(message));
        },
        [&](Rig& rig) { changed(rig, 13, 13, 1); },
        [&](Rig& rig) { changed(rig, 13, ~0u, 1); },
        // the rings
        [&](Rig& rig) { rig.host.end().ours().in = 12, rig.host.end().raise(); },
        [&](Rig& rig) { rig.host.end().theirs().out = 1 << 20, rig.host.end().raise(), rig.transmit(make_packet(make_frame(60))); },
        // the channel is taken back
        [&](Rig& rig) {
            rig.host.holds = true;
            HypervHost::get().take_back(NetvscHost::channel);
            auto frame = memory::FrameRef::adopt(*memory::allocate_zeroed_frames());
            EXPECT_TRUE(rig.bus->share(3, frame.address(), page_size));  // what came before the answer is heard
        },
    };
    for (std::size_t i = 0; i < std::size(mistakes); ++i) {
        SCOPED_TRACE(i);
        Rig rig;
        rig.start();
        rig.host.keeps = true;
        auto packet = make_packet(make_frame(20000));
        auto* frame = packet->slices()[0].frame.get();
        rig.transmit(std::move(packet));  // in slot 1, which transaction 2 completes
        rig.run();
        ASSERT_TRUE(rig.host.deliver({make_frame(60)}));
        rig.run();
        mistakes[i](rig);
        rig.expect_down();
        EXPECT_EQ(rig.sink.packets.count(), 1u);
        if (i >= 8) EXPECT_EQ(frame->references, 1u) << "the host may still read it";
    }
}

TEST(HypervNetAttach, ACardBecomesAnInterface) {
    EXPECT_TRUE(fakes::simulate({}, [] {
        NetvscHost host;
        auto& bus = *new Bus;
        ASSERT_TRUE(bus.connect());
        ASSERT_TRUE(is_net(bus.offers()[0]));
        Offer other = bus.offers()[0];
        other.interface.a ^= 1;
        EXPECT_FALSE(is_net(other));
        ASSERT_TRUE(attach_net(bus, bus.offers()[0]));
        ASSERT_TRUE(device::net_device(0));
        EXPECT_EQ(device::net_device(0)->mac(), host.address);
    }));
}

}  // namespace
}  // namespace spore::drivers::hyperv::netvsc
