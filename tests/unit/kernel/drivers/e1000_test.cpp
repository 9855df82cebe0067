// The e1000 driver with a controller that keeps the rules, and with one that does not.
#include <gtest/gtest.h>

#include "kernel/drivers/net/e1000/device.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/e1000.hpp"
#include "tests/fakes/net/frames.hpp"
#include "tests/unit/kernel/drivers/card_rig.hpp"

namespace spore::drivers::e1000 {
namespace {

using namespace wire::e1000;
using device::Checksum;
using fakes::Bytes;
using fakes::E1000Card;
using fakes::make_frame;
using fakes::make_packet;
using fakes::make_tcp_packet;
using fakes::operator+;

/// A driver, its controller and its stack.
class Rig : public fakes::CardRig<Device> {
public:
    explicit Rig(E1000Card::Kind kind) : owned_(new E1000Card(kind)), model(*find_model(kind == E1000Card::Kind::old ? 0x100e : 0x10d3)) {}
    ~Rig() { end(); }
    void start() {
        net.emplace(Owned<Hardware>(owned_.release()), model);
        ASSERT_TRUE(net->open());
        net->start(sink);
    }
    bool receive(Bytes frame, u8 status = received_no_checksum, u8 errors = 0) { return card.receive(as_broadcast(std::move(frame)), status, errors); }

private:
    Owned<E1000Card> owned_;

public:
    E1000Card& card = *owned_;
    const Model& model;
};

class E1000 : public testing::TestWithParam<E1000Card::Kind>, protected Rig {
protected:
    E1000() : Rig(GetParam()) {}
    bool has_messages() const { return GetParam() == E1000Card::Kind::with_messages; }
};
INSTANTIATE_TEST_SUITE_P(Kinds, E1000, testing::Values(E1000Card::Kind::old, E1000Card::Kind::with_messages),
                         [](auto& kind) { return kind.param == E1000Card::Kind::old ? "Shared" : "Messages"; });

constexpr device::MacAddress card_address{{0x52, 0x54, 0x00, 0x12, 0x34, 0x56}};

TEST_P(E1000, TakesTheAddressThatTheCardLoaded) {
    start();
    EXPECT_EQ(net->mac(), card_address);
    EXPECT_TRUE(net->link_up());
    EXPECT_STREQ(net->driver(), has_messages() ? "e1000e" : "e1000");
}

TEST_P(E1000, ReadsTheEepromWhenTheCardHasNot) {
    card.loads_address = false;
    start();
    EXPECT_EQ(net->mac(), card_address);
    EXPECT_EQ(card.registers[Register::receive_address_high], 0x5634 | receive_address_valid);
    ASSERT_TRUE(card.receive(Bytes{0x52, 0x54, 0x00, 0x12, 0x34, 0x56} + make_frame(80)));  // the card knows it now
}

TEST_P(E1000, RefusesACardWithoutAnAddress) {
    for (u16 word : {u16{0}, u16{0x0001}}) {  // nothing, and a group's
        auto own = Owned<E1000Card>(new E1000Card(GetParam()));
        own->loads_address = false;
        own->eeprom[0] = own->eeprom[1] = own->eeprom[2] = word;
        Device device(Owned<Hardware>(own.release()), model);
        EXPECT_EQ(device.open().error(), Error::io);
    }
}

TEST_P(E1000, ReceivesFramesOfEverySize) {
    start();
    for (u32 size : {60u, 128u, 129u, 240u, 241u, 1514u}) {
        ASSERT_TRUE(receive(make_frame(size))) << size;
        EXPECT_EQ(received(), make_frame(size)) << size;
    }
    EXPECT_EQ(net->counters(0).packets_received, 6u);
}

TEST_P(E1000, ReceivesForEver) {
    start();
    unsigned before = card.tail_writes;
    for (u32 i = 0; i < 1000; ++i) {
        ASSERT_TRUE(receive(make_frame(100, static_cast<u8>(i)))) << i;
        ASSERT_TRUE(received()) << i;
    }
    EXPECT_LE(card.tail_writes, before + 1000 / 32);  // buffers are returned by the dozen
}

TEST_P(E1000, TakesAWholeRingInOneGo) {
    start();
    u32 count = 0;
    while (receive(make_frame(60))) ++count;
    EXPECT_EQ(count, ReceiveRing::size - 1);
    run();
    EXPECT_EQ(sink.packets.count(), count);
    EXPECT_LE(card.interrupts, 2u);  // for the first, and for what came while it was masked
    EXPECT_TRUE(receive(make_frame(60)));
}

TEST_P(E1000, BelievesTheCardAboutChecksums) {
    start();
    struct Case { u8 status, errors; Checksum checksum; };
    for (auto one : {Case{received_tcp_summed, 0, Checksum::verified}, {received_udp_summed, 0, Checksum::verified}, {0, 0, Checksum::unknown},
                     {received_tcp_summed, error_transport, Checksum::unknown}, {received_tcp_summed, error_ip, Checksum::unknown},
                     {received_tcp_summed | received_no_checksum, 0, Checksum::unknown}}) {
        ASSERT_TRUE(receive(make_frame(60), one.status, one.errors));
        run();
        auto packet = sink.packets.pop_front();
        ASSERT_TRUE(packet);
        EXPECT_EQ(packet->checksum, one.checksum);
    }
}

TEST_P(E1000, SendsWhatItIsGiven) {
    start();
    unsigned before = card.tail_writes;
    for (u32 size : {60u, 120u, 121u, 1514u}) {
        transmit(make_packet(make_frame(size)));
        EXPECT_EQ(card.take_sent(), std::vector<Bytes>{make_frame(size)});
    }
    transmit(make_packet(make_frame(14)));
    EXPECT_EQ(card.take_sent().at(0).size(), 60u);  // padded by the card
    EXPECT_EQ(net->counters(0).packets_sent, 5u);
    EXPECT_EQ(card.tail_writes, before + 5);
}

TEST_P(E1000, LetsTheCardCompleteChecksums) {
    start();
    for (bool v4 : {true, false, false, true}) {
        expect_sums_completed(card, v4);
        transmit(make_packet(make_frame(100)));  // which has none
        EXPECT_EQ(card.take_sent(), std::vector<Bytes>{make_frame(100)});
    }
}

TEST_P(E1000, LetsTheCardCutSegments) {
    start();
    EXPECT_EQ(net->features().send_tcp4_segments, !has_messages());
    for (u32 round = 0; round < 2; ++round) {
        transmit(fakes::make_uncut_packet(card_address, true));
        fakes::expect_cut(card.take_sent());
        transmit(make_tcp_packet(card_address, true, 100));  // the context of before is not taken for granted
        EXPECT_TRUE(fakes::parse_frame(card.take_sent().at(0)));
    }
}

TEST_P(E1000, KeepsOrderWhenTheRingIsFullAndIsToldOfRoom) {
    start();
    card.hold();
    unsigned before = card.tail_writes;
    constexpr u32 count = 255 + 300;
    transmit_many(count);
    auto sent = card.take_sent();
    EXPECT_EQ(sent.size(), 254u);  // a packet may need two places, and one is never used
    EXPECT_EQ(card.tail_writes, before + 1);
    EXPECT_GE(net->untaken(), count);
    for (u32 round = 0; round < 3; ++round) {
        ASSERT_TRUE(receive(make_frame(60)));  // something else happens: the job notices that packets wait
        run();
        card.resume();
        run();
        card.hold();
        for (auto& one : card.take_sent()) sent.push_back(one);
    }
    expect_all_sent(sent, count);
}

TEST_P(E1000, SendsWhatWaitedThoughNothingElseHappens) {
    start();
    expect_what_waited_is_sent(card);
}

TEST_P(E1000, SendsWhatWaitedWhenAskedWhetherAllIsTaken) {
    start();
    card.hold();
    transmit_many(300);
    card.handlers.shared = nullptr;  // the interrupt is late
    card.resume();
    for (u32 look = 0; look < 3; ++look) (void)net->untaken();
    EXPECT_EQ(card.take_sent().size(), 300u);
    EXPECT_EQ(net->untaken(), 0u);
}

TEST_P(E1000, IsNotInterruptedForWhatItSent) {
    start();
    for (u32 i = 0; i < 300; ++i) transmit(make_packet(make_frame(60)));
    EXPECT_EQ(card.interrupts, 0u);
}

TEST_P(E1000, DropsThePacketsThatWaitTooMany) {
    start();
    card.hold();
    transmit_many(254 + TransmitRing::max_waiting + 5);
    EXPECT_EQ(net->counters(0).send_queue_full, 5u);
}

TEST_P(E1000, FollowsTheLink) {
    start();
    card.set_link(false);
    EXPECT_FALSE(net->link_up());
    card.cause(cause_link);
    EXPECT_EQ(sink.link_changes, 1u);  // nothing changed
    card.set_link(true);
    EXPECT_TRUE(net->link_up());
    EXPECT_EQ(sink.link_changes, 2u);
    ASSERT_TRUE(receive(make_frame(60)));
    EXPECT_TRUE(received());
}

TEST_P(E1000, SetsFilters) {
    start();
    auto group = [](u8 last, u8 before) { return Bytes{1, 0, 0x5e, 0, before, last} + make_frame(80); };
    EXPECT_TRUE(card.receive(group(5, 0x70)));  // all, before anybody has asked
    device::MacAddress groups[] = {{{1, 0, 0x5e, 0, 0x70, 5}}};
    net->set_multicast(groups);
    EXPECT_TRUE(card.receive(group(5, 0x70)));
    EXPECT_FALSE(card.receive(group(6, 0x70)));
    EXPECT_FALSE(card.receive(group(5, 0x80)));
    Bytes other = Bytes{2, 0, 0, 0, 0, 9} + make_frame(80);
    EXPECT_FALSE(card.receive(other));
    net->set_promiscuous(true);
    EXPECT_TRUE(card.receive(other));
    net->set_promiscuous(false);
    std::vector<device::MacAddress> many(65);
    net->set_multicast(many);
    EXPECT_TRUE(card.receive(group(6, 0x70)));
    net->set_multicast({});
    EXPECT_FALSE(card.receive(group(5, 0x70)));
}

TEST_P(E1000, DropsWhatMakesNoSense) {
    start();
    auto address = card.next_received().address;
    card.write_back({address, 2049, 0, received_done | received_end, 0, 0});  // more than there is room for
    card.write_back({address, 0xffff, 0, received_done | received_end, 0, 0});
    card.write_back({address, 13, 0, received_done | received_end, 0, 0});
    card.write_back({address, 0, 0, received_done | received_end, 0, 0});
    for (u8 error : {0x01, 0x02, 0x04, 0x10, 0x80}) card.write_back({address, 60, 0, received_done | received_end, error, 0});
    card.write_back({address, 2048, 0, received_done, 0, 0});  // a frame in three buffers
    card.write_back({address, 2048, 0, received_done, 0, 0});
    card.write_back({address, 60, 0, received_done | received_end, 0, 0});
    EXPECT_FALSE(received());
    EXPECT_EQ(net->counters(0).receive_errors, 12u);
    ASSERT_TRUE(receive(make_frame(60)));  // it is past the frame's end
    EXPECT_TRUE(received());
}

TEST_P(E1000, IsNotMisledByACardThatScribblesOverItsRings) {
    start();
    card.hold();
    for (u32 i = 0; i < 10; ++i) transmit(make_packet(make_frame(5000)));
    auto* ring = static_cast<u64*>(arch::direct({card.registers[Register::transmit_base_low]}));
    std::fill_n(ring, 512, ~u64{0});  // all is done, and more
    for (u32 i = 0; i < 10; ++i) transmit(make_packet(make_frame(1000)));
    auto* received_ring = static_cast<u8*>(arch::direct({card.registers[Register::receive_base_low]}));
    std::fill_n(received_ring, ReceiveRing::size * 16, u8{0xff});
    card.cause(has_messages() ? cause_receive_queue : cause_received);
    run();
    EXPECT_TRUE(sink.packets.empty());
    EXPECT_EQ(net->counters(0).packets_sent, 20u);
}

TEST_P(E1000, DropsWhatThereIsNoMemoryFor) {
    start();
    ASSERT_TRUE(receive(make_frame(1514)));
    memory::fail_allocation(1);
    EXPECT_FALSE(received());
    memory::fail_allocation(0);
    EXPECT_EQ(net->counters(0).receive_no_memory, 1u);
    ASSERT_TRUE(receive(make_frame(1514)));
    EXPECT_TRUE(received());
}

TEST_P(E1000, DoesNotStartWithoutMemoryOrInterrupts) {
    for (u64 nth : {1, 2, 100, 129, 130}) {
        Rig rig(GetParam());
        memory::fail_allocation(nth);
        rig.start();
        memory::fail_allocation(0);
        EXPECT_FALSE(rig.net->link_up()) << nth;
        EXPECT_EQ(rig.sink.link_changes, 1u);
        rig.transmit(make_packet(make_frame(60)));  // goes nowhere
        rig.net->set_promiscuous(true);
    }
    card.refuses_interrupts = true;
    start();
    EXPECT_FALSE(net->link_up());
}

}  // namespace
}  // namespace spore::drivers::e1000
