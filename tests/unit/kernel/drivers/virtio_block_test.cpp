// What virtio-blk lets go of; its reads and writes are those of every disk's (disk.hpp), and tried in virtual machines.
#include "kernel/drivers/block/virtio_block.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <vector>

#include "tests/fakes/cpu.hpp"
#include "tests/fakes/disks.hpp"
#include "tests/fakes/virtio.hpp"

namespace spore::drivers {
namespace {

using fakes::beside;

class Card {
public:
    struct Discarded {
        u64 first;
        u32 count, flags;
        bool operator==(const Discarded&) const = default;
    };

    Card(u32 most, u32 alignment, bool can = true) {
        device.queues = 1, device.limit = 128;
        device.features |= u64{can} << 13;
        device.config.resize(60);
        set(0, u64{100'000}), set(36, most), set(40, u32{1}), set(44, alignment);
    }
    bool has_work() { return device.rings[0].has_chain(); }
    void work() {
        auto& ring = device.rings[0];
        while (auto chain = ring.take()) {
            u32 operation;
            std::memcpy(&operation, chain->readable.at(0).data(), sizeof operation);
            EXPECT_EQ(operation, 11u);
            EXPECT_EQ(chain->readable.at(1).size(), sizeof(Discarded));
            Discarded one;
            std::memcpy(&one, chain->readable[1].data(), sizeof one);
            seen.push_back(one);
            chain->writable.at(0)[0] = static_cast<u8>(status);
            ring.put(chain->head, 1);
        }
        device.publish(0);
    }

    Owned<fakes::VirtioDevice> owned{new fakes::VirtioDevice(wire::virtio::DeviceId::block)};
    fakes::VirtioDevice& device = *owned;
    std::vector<Discarded> seen;
    u8 status = 0;

private:
    template <typename T>
    void set(u32 offset, T value) { std::memcpy(&device.config[offset], &value, sizeof value); }
};

void with_disk(Card& card, const std::function<void(device::BlockDevice&)>& body) {
    beside(card, [&] {
        ASSERT_TRUE(attach_virtio_block(Owned<virtio::Device>(card.owned.release())));
        ASSERT_TRUE(device::disk(0));
        body(*device::disk(0));
    });
}

TEST(VirtioBlock, LetsGoOfSectorsAsTheDeviceTakesThem) {
    EXPECT_TRUE(fakes::simulate({}, [] {
        Card card(100, 8);
        with_disk(card, [&](device::BlockDevice& disk) {
            EXPECT_EQ(disk.discard_granularity(), 8u);
            ASSERT_TRUE(disk.discard(10, 200));
            EXPECT_EQ(card.seen, (std::vector<Card::Discarded>{{10, 94, 0}, {104, 96, 0}, {200, 10, 0}}));
            EXPECT_EQ(disk.discard(99'999, 2).error(), Error::out_of_range);
            card.status = 1;
            EXPECT_EQ(disk.discard(0, 8).error(), Error::io);
        });
    }));
}

TEST(VirtioBlock, TakesNoSenselessPortions) {
    struct {
        u32 most, alignment, granularity;
        bool can = true;
    } tries[] = {{100, 0, 1}, {100, 101, 1}, {~u32{0}, ~u32{0}, 1}, {0, 8, 0}, {100, 100, 100}, {100, 8, 0, false}};
    for (auto& one : tries)
        EXPECT_TRUE(fakes::simulate({}, [&] {
            Card card(one.most, one.alignment, one.can);
            with_disk(card, [&](device::BlockDevice& disk) {
                EXPECT_EQ(disk.discard_granularity(), one.granularity);
                EXPECT_EQ(disk.discard(0, 8).has_value(), one.granularity != 0);
            });
        })) << one.most << " " << one.alignment;
}

}  // namespace
}  // namespace spore::drivers
