// Requests that threads wait for, where the device breaks the rules meanwhile.
#include "kernel/drivers/virtio/request_queue.hpp"

#include <gtest/gtest.h>

#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"
#include "tests/fakes/virtio.hpp"

namespace spore::drivers::virtio {
namespace {

TEST(RequestQueue, TellsAllWhoWaitOfADeviceThatBrokeTheRules) {
    bool ok = fakes::simulate({}, [] {
        fakes::VirtioDevice device(wire::virtio::DeviceId::block);
        RequestQueue requests;
        ASSERT_TRUE(requests.open(device, 0, 8, false, 4));
        for (u16 i = 0; i < RequestQueue::most; ++i) ASSERT_EQ(requests.take_slot(), i);
        fakes::Join join;
        fakes::spawn(join, [&] {
            Buffer buffer{{0x10000}, 1, Buffer::Direction::to_device};
            auto done = requests.run(0, {&buffer, 1});
            ASSERT_FALSE(done);
            EXPECT_EQ(done.error(), Error::io);
        });
        fakes::spawn(join, [&] {
            auto slot = requests.take_slot();
            ASSERT_FALSE(slot);
            EXPECT_EQ(slot.error(), Error::io);
        });
        fakes::spawn(join, [&] {
            ASSERT_TRUE(device.rings[0].take());
            device.rings[0].put(99, 0);  // what it was not given
            device.rings[0].publish();
            device.interrupt(0);
        });
        join.wait();
        // Nor does it take more.
        auto slot = requests.take_slot();
        ASSERT_FALSE(slot);
        EXPECT_EQ(slot.error(), Error::io);
    });
    EXPECT_TRUE(ok);
}

TEST(RequestQueue, RefusesADeviceThatHasNoRoomForARequest) {
    for (u16 limit : {u16{1}, u16{2}, u16{4}, u16{8}}) {
        fakes::VirtioDevice device(wire::virtio::DeviceId::block);
        device.limit = limit;
        RequestQueue requests;
        auto opened = requests.open(device, 0, 128, false, 5);
        EXPECT_EQ(opened.has_value(), limit >= 5) << limit;
        if (!opened) EXPECT_EQ(opened.error(), Error::not_supported);
    }
}

}  // namespace
}  // namespace spore::drivers::virtio
