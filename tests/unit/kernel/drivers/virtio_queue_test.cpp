// The virtqueue against the other side: a device that reads and writes the rings as virtio 1.2 says.
#include "kernel/drivers/virtio/queue.hpp"

#include <gtest/gtest.h>

#include "arch/mmu.hpp"
#include "kernel/drivers/virtio/mmio_list.hpp"

namespace spore::drivers::virtio {
namespace {

using namespace wire::virtio;

class FakeDevice final : public Device {
public:
    DeviceId id() const override { return DeviceId::console; }
    u64 offered_features() override { return features; }
    void accept_features(u64 accepted_features) override { accepted = accepted_features; }
    u8 status() override { return refuses ? static_cast<u8>(status_ & ~features_ok) : status_; }
    void set_status(u8 status) override { status_ = status; }
    u16 queue_limit(u16) override { return limit; }
    void install_queue(u16, u16 queue_size, PhysAddr d, PhysAddr a, PhysAddr u) override {
        size = queue_size;
        descriptors = static_cast<Descriptor*>(arch::direct(d));
        available = static_cast<u16*>(arch::direct(a));
        used = static_cast<u16*>(arch::direct(u));
    }
    void notify(u16) override { ++notifications; }
    Result<void> connect_interrupt(arch::InterruptHandler, void*) override { return {}; }
    u8 config_byte(u32 offset) override { return static_cast<u8>(offset); }

    /// Takes the next chain the driver offered; its head, and how many buffers it has.
    std::pair<u16, unsigned> take_chain() {
        u16 head = available[2 + seen++ % size];
        unsigned length = 1;
        for (u16 at = head; descriptors[at].flags & descriptor_next; at = descriptors[at].next) ++length;
        return {head, length};
    }
    void give_back(u32 head, u32 written) {
        auto* elements = reinterpret_cast<UsedElement*>(used + 2);
        elements[used[1] % size] = {head, written};
        ++used[1];
    }
    u16& available_event() { return used[2 + 4 * size]; }

    u64 features = feature_version_1;
    u64 accepted = 0;
    bool refuses = false;
    u16 limit = 8;
    u16 size = 0, seen = 0;
    unsigned notifications = 0;
    Descriptor* descriptors = nullptr;
    u16* available = nullptr;
    u16* used = nullptr;

private:
    u8 status_ = 0;
};

Buffer buffer(u32 size) { return {{0x10000}, size, Buffer::Direction::to_device}; }

TEST(VirtioDevice, NegotiatesOnlyWhatIsOffered) {
    FakeDevice device;
    device.features = feature_version_1 | feature_event_index;
    EXPECT_EQ(device.negotiate(feature_event_index | 1), feature_version_1 | feature_event_index);
    EXPECT_EQ(device.accepted, feature_version_1 | feature_event_index);
}

TEST(VirtioDevice, RefusesLegacyDevicesAndThoseThatRefuseUs) {
    FakeDevice legacy;
    legacy.features = 0;
    EXPECT_EQ(legacy.negotiate(0).error(), Error::not_supported);
    FakeDevice stubborn;
    stubborn.refuses = true;
    EXPECT_EQ(stubborn.negotiate(0).error(), Error::io);
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
    auto queue = Queue::create(device, 0, 8, true);
    ASSERT_TRUE(queue);
    Buffer one = buffer(1);
    device.available_event() = 1;  // tell me once you have gone past 1
    ASSERT_TRUE((*queue)->offer({&one, 1}, 0));
    (*queue)->notify();
    EXPECT_EQ(device.notifications, 0u);
    ASSERT_TRUE((*queue)->offer({&one, 1}, 1));
    (*queue)->notify();
    EXPECT_EQ(device.notifications, 1u);
}

TEST(VirtioQueue, SurvivesADeviceThatReturnsNonsense) {
    FakeDevice device;
    auto queue = Queue::create(device, 0, 8, false);
    ASSERT_TRUE(queue);
    device.give_back(77, 1);
    EXPECT_FALSE((*queue)->take());
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

}  // namespace
}  // namespace spore::drivers::virtio
