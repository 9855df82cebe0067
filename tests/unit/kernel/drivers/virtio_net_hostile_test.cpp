// virtio-net with a card that breaks the rules, and with memory that runs out.
#include "kernel/memory/fault_injection.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/unit/kernel/drivers/virtio_net_fixture.hpp"

namespace spore::drivers {
namespace {

using namespace wire::virtio_net;

TEST_F(VirtioNetTest, StopsACardThatReturnsABufferItDoesNotHave) {
    for (u32 head : {20u, 255u, 256u, 0xffffu, ~0u}) {
        SCOPED_TRACE(head);
        VirtioNetRig rig;
        rig.start();
        rig.card.rings[0].put(head, 60);
        rig.card.publish(0);
        rig.expect_failed();
    }
}

TEST_F(VirtioNetTest, StopsACardThatReturnsABufferTwice) {
    start();
    auto first = card.rings[0].take(), second = card.rings[0].take();
    Header header{};
    header.buffers = 3;
    std::memcpy(first->writable[0].data(), &header, sizeof header);
    card.rings[0].put(first->head, 4096);
    card.rings[0].put(second->head, 4096);
    card.rings[0].put(second->head + 100, 4096);
    card.publish(0);
    expect_failed();
}

TEST_F(VirtioNetTest, StopsACardWhoseIndexJumps) {
    start();
    card.rings[0].used[1] = 0x8000;
    card.interrupt(0);
    run();
    // The elements are zeros: buffer 0, of 0 bytes.
    expect_failed();
}

TEST_F(VirtioNetTest, StopsACardThatWritesMoreThanItMay) {
    for (u32 written : {0u, 11u, 4097u, 0xffff'ffffu}) {
        SCOPED_TRACE(written);
        VirtioNetRig rig;
        rig.start();
        rig.card.rings[0].put(rig.card.rings[0].take()->head, written);
        rig.card.publish(0);
        rig.expect_failed();
    }
}

TEST_F(VirtioNetTest, StopsACardThatCountsBuffersWrong) {
    for (u16 count : {u16{2}, u16{18}, u16{19}, u16{0xffff}}) {
        SCOPED_TRACE(count);
        VirtioNetRig rig;
        rig.start();
        Header header{};
        header.buffers = count;
        ASSERT_TRUE(rig.card.receive(make_frame(60), header));  // in one
        rig.expect_failed();
    }
}

TEST_F(VirtioNetTest, StopsACardThatSaysAPacketIsInNoBuffer) {
    start();
    ASSERT_TRUE(card.put_frame(make_frame(60)));
    auto& ring = card.rings[0];
    std::memset(static_cast<u8*>(arch::direct({ring.descriptors[ring.elements()[0].head].address})) + 10, 0, 2);
    card.publish(0);
    expect_failed();
}

TEST_F(VirtioNetTest, DropsPacketsWhoseHeaderContradictsThem) {
    start();
    struct Case { u8 flags, segmentation; u16 segment_size, start, offset; };
    for (auto one : {Case{needs_checksum, 0, 0, 0, 16}, {needs_checksum, 0, 0, 34, 0xffff}, {needs_checksum, 0, 0, 0xffff, 0xffff},
                     {needs_checksum, 0, 0, 98, 1}, {checksum_valid, 1, 0, 0, 0}, {0, 1, 1460, 0, 0}, {checksum_valid, 3, 1460, 0, 0},
                     {checksum_valid, 0x7f, 1460, 0, 0}, {checksum_valid, 0x80, 1460, 0, 0}}) {
        Header header{.flags = one.flags, .segmentation = one.segmentation};
        header.segment_size = one.segment_size;
        header.checksum_start = one.start;
        header.checksum_offset = one.offset;
        ASSERT_TRUE(card.receive(make_frame(100), header));
        EXPECT_FALSE(received());
    }
    EXPECT_EQ(net->counters(0).receive_errors, 9u);
    EXPECT_EQ(card.rings[0].offered(), 20u);  // it has all its buffers again
    ASSERT_TRUE(card.receive(make_frame(13)));  // less than a link header
    EXPECT_FALSE(received());
    ASSERT_TRUE(card.receive(make_frame(100)));
    EXPECT_TRUE(received());
}

TEST_F(VirtioNetTest, StopsACardThatReturnsAPacketItDoesNotHave) {
    start();
    transmit(make_packet(make_frame(60)));
    card.rings[1].put(7, 0);
    card.rings[1].publish();
    transmit(make_packet(make_frame(5000)));
    expect_failed();
    transmit(make_packet(make_frame(60)));  // goes nowhere, and is not lost either
}

TEST_F(VirtioNetTest, IsNotMisledByACardThatScribblesOverItsRings) {
    start();
    transmit(make_packet(make_frame(5000)));
    auto sent = card.take_sent();
    for (u16 i = 0; i < 256; ++i) card.rings[1].descriptors[i] = {~u64{0}, ~0u, 0xffff, 0xffff};
    std::memset(card.rings[1].available, 0xff, 4 + 2 * 256);
    card.complete(sent->head);
    transmit(make_packet(make_frame(60)));
    EXPECT_TRUE(net->link_up());
    EXPECT_EQ(net->counters(0).packets_sent, 2u);
}

TEST_F(VirtioNetTest, StopsACardThatAsksToBeReset) {
    start();
    transmit(make_packet(make_frame(5000)));
    card.set_status(card.status() | wire::virtio::needs_reset);
    card.config_change.handler(card.config_change.context);
    expect_failed();
    card.config_change.handler(card.config_change.context);
    EXPECT_EQ(sink.link_changes, 1u);
}

TEST_F(VirtioNetTest, TakesCardsWithShortQueues) {
    card.limit = 16;
    start();
    EXPECT_FALSE(net->link_up());  // a packet of eighteen pieces finds no room in such a queue
    EXPECT_EQ(sink.link_changes, 1u);
}

TEST_F(VirtioNetTest, DoesNotBelieveInMoreQueuesThanThereAreNumbers) {
    fakes::set_cpu_count(2);
    for (u8 high : {u8{0x80}, u8{0xff}}) {
        VirtioNetRig rig;
        rig.card.features |= multiqueue;
        rig.card.config[config_max_pairs + 1] = high;
        rig.start();
        rig.expect_failed();  // it has no control queue of such a number
        EXPECT_EQ(rig.card.rings[0].size, 256);
    }
    fakes::set_cpu_count(1);
}

TEST_F(VirtioNetTest, DropsWhatThereIsNoMemoryFor) {
    start();
    auto header = Header{};
    for (u64 nth = 1; nth <= 3; ++nth) {
        ASSERT_TRUE(card.receive(make_frame(9000), header));
        memory::fail_allocation(nth);
        EXPECT_FALSE(received());
        memory::fail_allocation(0);
        EXPECT_EQ(net->counters(0).receive_no_memory, nth);
        EXPECT_EQ(card.rings[0].offered(), 20u);  // the card has its buffers in any case
    }
    ASSERT_TRUE(card.receive(make_frame(9000), header));
    EXPECT_TRUE(received());
}

TEST_F(VirtioNetTest, DoesNotStartWithoutMemory) {
    u64 nth = 0;
    for (bool up = false; !up;) {
        VirtioNetRig rig;
        memory::fail_allocation(++nth);
        rig.start();
        memory::fail_allocation(0);
        up = rig.net->link_up();
        if (!up) rig.expect_failed();
    }
    EXPECT_GT(nth, 24u);  // of frames for packets alone there are twenty
}

}  // namespace
}  // namespace spore::drivers
