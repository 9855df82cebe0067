// Who resets a network card that failed: that takes its time, and may sleep.
#pragma once

#include "kernel/drivers/net/watched_device.hpp"
#include "kernel/task/thread.hpp"

namespace spore::drivers {

/// A thread that waits for trouble with its device.
class Nurse {
public:
    /// Adds the device, which is open, with a nurse of its own; both live as long as the machine. no_memory.
    static Result<void> add(Owned<WatchedDevice> device);

    explicit Nurse(Owned<WatchedDevice> device) : device_(std::move(device)) {}

private:
    void call();
    void work();

    Owned<WatchedDevice> device_;
    sync::Spin lock_;
    sync::WaitQueue queue_;
};

}  // namespace spore::drivers
