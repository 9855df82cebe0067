// The channel's console, where the device breaks the rules.
#include "kernel/drivers/console/virtio_console.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "kernel/device/byte_stream.hpp"
#include "kernel/task/thread.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/threads.hpp"
#include "tests/fakes/virtio.hpp"

namespace spore::drivers {
namespace {

TEST(VirtioConsole, StopsWithADeviceThatReturnsWhatItWasNotGiven) {
    bool ok = fakes::simulate({}, [] {
        auto made = make_owned<fakes::VirtioDevice>(wire::virtio::DeviceId::console);
        ASSERT_TRUE(made);
        auto& device = **made;
        device.queues = 2;
        ASSERT_TRUE(attach_virtio_console(std::move(*made)));
        auto* stream = device::channel_stream();
        ASSERT_TRUE(stream);
        for (u16 queue : {0, 1}) {
            device.rings[queue].put(99, 0);
            device.rings[queue].publish();
        }
        std::vector<std::byte> page(page_size);
        Result<void> sent{};
        for (int i = 0; i < 8 && sent; ++i) sent = stream->send(page, {});
        ASSERT_FALSE(sent);
        EXPECT_EQ(sent.error(), Error::io);
    });
    EXPECT_TRUE(ok);
}

}  // namespace
}  // namespace spore::drivers
