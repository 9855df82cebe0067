// Virtqueues with packed rings against the other side.
#include <gtest/gtest.h>

#include <deque>

#include "kernel/drivers/virtio/queue.hpp"
#include "tests/fakes/virtio.hpp"

namespace spore::drivers::virtio {
namespace {

using namespace wire::virtio;

/// A queue of as many places as the test says, on a device with packed rings.
class PackedRingTest : public testing::Test {
protected:
    void make(u16 size, u64 features = 0) {
        device.limit = size;
        device.features = feature_version_1 | feature_ring_packed | features;
        ASSERT_EQ(device.negotiate(features), device.features);
        auto made = Queue::create(device, 0, size, features & feature_event_index);
        ASSERT_TRUE(made);
        queue = std::move(*made);
    }
    fakes::VirtioRing& ring() { return device.rings[0]; }
    void give_back(u32 id, u32 written) {
        ring().put(id, written);
        ring().publish();
    }

    fakes::VirtioDevice device{DeviceId::console};
    Owned<Queue> queue;
    Buffer chain[3] = {{{0x10000}, 1, Buffer::Direction::to_device}, {{0x11000}, 2, Buffer::Direction::to_device}, {{0x12000}, 3, Buffer::Direction::from_device}};
};

TEST_F(PackedRingTest, CarriesChainsThereAndBackRoundAfterRound) {
    make(8);
    for (u64 round = 0; round < 1000; ++round) {
        ASSERT_TRUE(queue->offer(chain, round));
        ASSERT_TRUE(queue->offer({chain, 1 + round % 2}, round + 5));
        auto first = ring().take(), second = ring().take();
        ASSERT_TRUE(first && second);
        EXPECT_EQ(first->readable.size(), 2u);
        EXPECT_EQ(first->writable.size(), 1u);
        EXPECT_EQ(second->readable.size(), 1 + round % 2);
        EXPECT_FALSE(queue->take());
        give_back(second->head, 7);  // out of order
        give_back(first->head, 9);
        auto done = queue->take();
        ASSERT_TRUE(done);
        EXPECT_EQ(done->token, round + 5);
        EXPECT_EQ(done->written, 7u);
        done = queue->take();
        ASSERT_TRUE(done);
        EXPECT_EQ(done->token, round);
        EXPECT_EQ(done->written, 9u);
        EXPECT_FALSE(queue->take());
        EXPECT_EQ(queue->free_buffers(), 8);
    }
}

TEST_F(PackedRingTest, IsFullWhenItIsFull) {
    make(8);
    for (u64 i = 0; i < 4; ++i) ASSERT_TRUE(queue->offer({chain, 2}, i));
    EXPECT_EQ(queue->offer({chain, 1}, 4).error(), Error::no_space);
    EXPECT_EQ(ring().offered(), 4);
    give_back(ring().take()->head, 0);
    ASSERT_TRUE(queue->take());
    EXPECT_EQ(queue->offer({chain, 3}, 4).error(), Error::no_space);
    EXPECT_TRUE(queue->offer({chain, 2}, 4));
}

TEST_F(PackedRingTest, NotifiesAsTheDeviceAsks) {
    make(8);
    ring().device_event().flags = packed_event_never;
    ASSERT_TRUE(queue->offer({chain, 1}, 0));
    EXPECT_FALSE(queue->notify());
    ring().device_event().flags = packed_event_always;
    EXPECT_FALSE(queue->notify());  // there is nothing new
    ASSERT_TRUE(queue->offer({chain, 1}, 1));
    EXPECT_TRUE(queue->notify());
}

/// Each place at which a device may want to be told, in each state of the ring: exactly the batch that goes past it is told of.
TEST_F(PackedRingTest, NotifiesAtThePlaceThatTheDeviceNames) {
    for (u16 before = 0; before < 16; ++before) {
        make(8, feature_event_index);
        for (u16 i = 0; i < before; ++i) {
            ASSERT_TRUE(queue->offer({chain, 1}, i));
            queue->notify();
            give_back(ring().take()->head, 0);
            ASSERT_TRUE(queue->take());
        }
        for (u16 at = before, ahead = 0; ahead < 4; ++ahead, at = static_cast<u16>(at + 4)) {  // it wants to know of the one so far ahead
            u16 place = static_cast<u16>(at + ahead);
            ring().device_event() = {static_cast<u16>(place % 8 | (place / 8 % 2 ? 0 : packed_event_wrap)), packed_event_at_place};
            for (u16 i = 0; i < 2; ++i) {  // in two batches of two
                ASSERT_TRUE(queue->offer({chain, 1}, 0));
                ASSERT_TRUE(queue->offer({chain, 1}, 0));
                EXPECT_EQ(queue->notify(), ahead / 2 == i) << before << " " << ahead;
            }
            while (auto taken = ring().take()) give_back(taken->head, 0);
            while (queue->take()) {}
        }
    }
}

TEST_F(PackedRingTest, IsInterruptedWhenItWantsTo) {
    for (u64 features : {u64{0}, feature_event_index}) {
        make(4, features);
        for (u32 round = 0; round < 50; ++round) {
            bool wanted = round % 3 == 0;
            queue->want_interrupts(wanted);
            ASSERT_TRUE(queue->offer({chain, 1 + round % 3}, round));
            ring().put(ring().take()->head, 0);
            EXPECT_EQ(device.publish(0), wanted) << round;
            ASSERT_TRUE(queue->take());
        }
        // Wanted once, for the first of several.
        queue->want_interrupts(true);
        for (u32 i = 0; i < 2; ++i) {
            ASSERT_TRUE(queue->offer({chain, 1}, 0));
            ring().put(ring().take()->head, 0);
            EXPECT_EQ(device.publish(0), i == 0 || !features);
        }
        while (queue->take()) {}
    }
}

TEST_F(PackedRingTest, PostsBuffersToSlots) {
    make(4);
    for (u16 slot : {2, 0, 3, 1}) queue->post(slot, {0x10000 + u64{slot} * 0x1000}, 100u + slot);
    for (u32 round = 0; round < 100; ++round) {
        auto a = ring().take(), b = ring().take();
        ASSERT_TRUE(a && b);
        EXPECT_EQ(a->writable.at(0).size(), 100u + a->head);
        give_back(b->head, 5);
        give_back(a->head, 6);
        auto first = queue->take_posted(), second = queue->take_posted();
        ASSERT_TRUE(first && second);
        EXPECT_EQ(first->slot, b->head);
        EXPECT_EQ(first->written, 5u);
        EXPECT_EQ(second->slot, a->head);
        for (u16 slot : {first->slot, second->slot}) queue->post(slot, {0x10000 + u64{slot} * 0x1000}, 100u + slot);
    }
}

TEST_F(PackedRingTest, BreaksWhenTheDeviceReturnsWhatItDoesNotHave) {
    for (u32 id : {3u, 7u, 8u, 0xffffu}) {
        make(8);
        ASSERT_TRUE(queue->offer({chain, 2}, 1));
        give_back(id, 1);
        EXPECT_FALSE(queue->take());
        EXPECT_TRUE(queue->broken());
        give_back(0, 1);
        EXPECT_FALSE(queue->take());
    }
}

TEST_F(PackedRingTest, BreaksWhenTheDeviceReturnsAChainTwice) {
    make(8);
    ASSERT_TRUE(queue->offer({chain, 2}, 1));
    auto head = ring().take()->head;
    give_back(head, 1);
    give_back(head, 1);
    EXPECT_TRUE(queue->take());
    EXPECT_FALSE(queue->take());
    EXPECT_TRUE(queue->broken());
}

TEST_F(PackedRingTest, TakesNoNotesFromTheRing) {
    make(8);
    ASSERT_TRUE(queue->offer({chain, 3}, 1));
    auto head = ring().take()->head;
    for (u16 i = 0; i < 8; ++i) ring().packed_descriptors[i] = {~u64{0}, ~0u, 0xffff, 0x7fff};
    give_back(head, 1);
    EXPECT_TRUE(queue->take());
    EXPECT_EQ(queue->free_buffers(), 8);
    ASSERT_TRUE(queue->offer(chain, 2));
}

}  // namespace
}  // namespace spore::drivers::virtio
