// The virtqueue against the other side: a device that reads and writes the rings as virtio 1.2 says.
#include "kernel/drivers/virtio/queue.hpp"

#include <gtest/gtest.h>

#include "kernel/drivers/virtio/mmio_list.hpp"
#include "tests/fakes/virtio.hpp"

namespace spore::drivers::virtio {
namespace {

using namespace wire::virtio;

struct FakeDevice : fakes::VirtioDevice {
    FakeDevice() : VirtioDevice(DeviceId::console) {}
    fakes::VirtioRing& ring() { return rings[0]; }
    /// Takes the next chain the driver offered; its head, and how many buffers it has.
    std::pair<u16, std::size_t> take_chain() {
        auto chain = ring().take();
        return {chain->head, chain->readable.size()};
    }
    void give_back(u32 head, u32 written) {
        ring().put(head, written);
        ring().publish();
    }
};

Buffer buffer(u32 size) { return {{0x10000}, size, Buffer::Direction::to_device}; }

TEST(VirtioDevice, NegotiatesOnlyWhatIsOffered) {
    FakeDevice device;
    device.features = feature_version_1 | feature_event_index;
    EXPECT_EQ(device.negotiate(feature_event_index | 1), feature_version_1 | feature_event_index);
    EXPECT_EQ(device.accepted, feature_version_1 | feature_event_index);
}

TEST(VirtioDevice, RefusesDevicesOfNoVersionAndThoseThatRefuseUs) {
    FakeDevice strange;
    strange.features = 0;
    EXPECT_EQ(strange.negotiate(0).error(), Error::not_supported);
    FakeDevice stubborn;
    stubborn.refuses = true;
    EXPECT_EQ(stubborn.negotiate(0).error(), Error::io);
}

TEST(VirtioDevice, AgreesWithLegacyDevicesOnTheirThirtyTwoFeatures) {
    FakeDevice device;
    device.old = true;
    device.features = feature_event_index | feature_version_1;
    EXPECT_EQ(device.negotiate(feature_event_index | feature_version_1), feature_event_index);
}

TEST(VirtioQueue, CarriesChainsThereAndBack) {
    FakeDevice device;
    auto queue = Queue::create(device, 0, 64, false);
    ASSERT_TRUE(queue);
    EXPECT_EQ((*queue)->size(), 8);
    Buffer chain[] = {buffer(1), buffer(2), buffer(3)};
    for (u16 round = 0; round < 100; ++round) {
        ASSERT_TRUE((*queue)->offer(chain, 5));
        ASSERT_TRUE((*queue)->offer({chain, 1}, 6));
        (*queue)->notify();
        auto [first, first_length] = device.take_chain();
        auto [second, second_length] = device.take_chain();
        EXPECT_EQ(first_length, 3u);
        EXPECT_EQ(second_length, 1u);
        device.give_back(second, 7);  // out of order
        device.give_back(first, 9);
        auto done = (*queue)->take();
        ASSERT_TRUE(done);
        EXPECT_EQ(done->token, 6);
        EXPECT_EQ(done->written, 7u);
        done = (*queue)->take();
        ASSERT_TRUE(done);
        EXPECT_EQ(done->token, 5);
        EXPECT_FALSE((*queue)->take());
        EXPECT_EQ((*queue)->free_buffers(), 8);
    }
    EXPECT_EQ(device.notifications, 100u);
}

TEST(VirtioQueue, IsFullWhenItIsFull) {
    FakeDevice device;
    auto queue = Queue::create(device, 0, 4, false);
    ASSERT_TRUE(queue);
    Buffer one = buffer(1);
    for (u16 i = 0; i < 4; ++i) ASSERT_TRUE((*queue)->offer({&one, 1}, i));
    EXPECT_EQ((*queue)->offer({&one, 1}, 4).error(), Error::no_space);
}

TEST(VirtioQueue, NotifiesWhenTheEventIndexAsksForIt) {
    FakeDevice device;
    device.accepted = feature_event_index;
    auto queue = Queue::create(device, 0, 8, true);
    ASSERT_TRUE(queue);
    Buffer one = buffer(1);
    device.ring().available_event() = 1;  // tell me once you have gone past 1
    ASSERT_TRUE((*queue)->offer({&one, 1}, 0));
    (*queue)->notify();
    EXPECT_EQ(device.notifications, 0u);
    ASSERT_TRUE((*queue)->offer({&one, 1}, 1));
    (*queue)->notify();
    EXPECT_EQ(device.notifications, 1u);
}

TEST(VirtioQueue, LaysLegacyRingsOutAsLegacyDevicesExpect) {
    FakeDevice device;
    device.old = true;
    device.limit = 256;
    auto queue = Queue::create(device, 0, 16, false);
    ASSERT_TRUE(queue);
    EXPECT_EQ((*queue)->size(), 256);  // theirs to say
    auto at = [&](void* part) { return arch::physical(part).value; };
    EXPECT_EQ(at(device.ring().descriptors) % 4096, 0u);
    EXPECT_EQ(at(device.ring().available), at(device.ring().descriptors) + 4096);
    EXPECT_EQ(at(device.ring().used), at(device.ring().descriptors) + 8192);
}

TEST(VirtioQueue, CountsPastTheEndOfItsIndices) {
    FakeDevice device;
    device.accepted = feature_event_index;
    device.limit = 4;
    auto queue = Queue::create(device, 0, 4, true);
    ASSERT_TRUE(queue);
    Buffer chain[] = {buffer(1), buffer(2), buffer(3)};
    for (u32 round = 0; round < 70'000; ++round) {
        ASSERT_TRUE((*queue)->offer(chain, round));
        ASSERT_TRUE((*queue)->notify());  // the device asks after each
        device.give_back(device.take_chain().first, 0);
        auto done = (*queue)->take();
        ASSERT_TRUE(done);
        ASSERT_EQ(done->token, round);
    }
}

TEST(VirtioQueue, BreaksWhenTheDeviceReturnsWhatItDoesNotHave) {
    for (u32 head : {77u, 3u, ~0u}) {
        FakeDevice device;
        auto queue = Queue::create(device, 0, 8, false);
        ASSERT_TRUE(queue);
        device.give_back(head, 1);
        EXPECT_FALSE((*queue)->take());
        EXPECT_TRUE((*queue)->broken());
    }
}

/// A queue of eight places, with one chain of two that the device has taken.
class VirtioQueueWithAChain : public testing::Test {
protected:
    void SetUp() override {
        auto made = Queue::create(device, 0, 8, false);
        ASSERT_TRUE(made);
        queue = std::move(*made);
        ASSERT_TRUE(queue->offer(chain, 1));
        head = device.take_chain().first;
    }
    FakeDevice device;
    Owned<Queue> queue;
    Buffer chain[2] = {buffer(1), buffer(2)};
    u16 head = 0;
};

TEST_F(VirtioQueueWithAChain, BreaksWhenTheDeviceReturnsItTwice) {
    device.give_back(head, 1);
    device.give_back(head, 1);
    EXPECT_TRUE(queue->take());
    EXPECT_FALSE(queue->take());
    EXPECT_TRUE(queue->broken());
}

TEST_F(VirtioQueueWithAChain, TakesNoNotesFromTheRing) {
    for (u16 i = 0; i < 8; ++i) device.ring().descriptors[i] = {~u64{0}, ~0u, 0xffff, 0xffff};  // a device may scribble
    device.give_back(head, 1);
    EXPECT_TRUE(queue->take());
    EXPECT_EQ(queue->free_buffers(), 8);
    for (u16 i = 0; i < 4; ++i) ASSERT_TRUE(queue->offer(chain, i));
}

TEST(MmioList, ReadsWhatTheCommandLineNames) {
    std::string_view rest = "quiet virtio_mmio.device=4K@0xd0000000:5 x virtio_mmio.device=512@0xfeb00e00:12:3 virtio_mmio.device=bad";
    MmioSlot slot;
    ASSERT_TRUE(next_listed(rest, slot));
    EXPECT_EQ(slot.address.value, 0xd0000000u);
    EXPECT_EQ(slot.size, 4096u);
    EXPECT_EQ(slot.line, 5u);
    ASSERT_TRUE(next_listed(rest, slot));
    EXPECT_EQ(slot.size, 512u);
    EXPECT_EQ(slot.line, 12u);
    EXPECT_FALSE(next_listed(rest, slot));
}

TEST(VirtioDevice, IsResetBeforeItIsSpokenTo) {
    fakes::VirtioDevice device(DeviceId::block);
    device.resetting = 5;
    EXPECT_TRUE(device.negotiate(0));
    EXPECT_EQ(device.resetting, 0u);
    EXPECT_FALSE(device.hurried);
}

}  // namespace
}  // namespace spore::drivers::virtio
