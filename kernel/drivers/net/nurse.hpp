// Who resets a card that failed: that takes its time, and may sleep.
#pragma once

#include "kernel/task/thread.hpp"

namespace spore::drivers {

inline void sleep_a_little() {
    sync::Spin lock;
    sync::WaitQueue nobody;
    Guard guard(lock);
    (void)nobody.wait(lock, sync::Interruptible::no, time::now() + Duration::ms(1));
}

/// A thread that waits for trouble with its device.
///
/// Device:
///   bool has_trouble()       it is in use no more, and recover() would help
///   void recover()           from this thread, which may sleep
///   void set_helper(Helper)  who is called when there is trouble, in any context
///   void set_pause(...)      how it passes time from now on
template <typename Device>
class Nurse {
public:
    explicit Nurse(Owned<Device> device) : device_(std::move(device)) {}

    /// no_memory. Started by start(), which takes it along: it lives as long as the machine.
    Result<void> open() {
        thread_ = TRY(task::Thread::create("reset the network card", [](void* self) { static_cast<Nurse*>(self)->work(); }, this));
        TRY(thread_->set_affinity(1));
        device_->set_helper({[](void* self) { static_cast<Nurse*>(self)->call(); }, this});
        return {};
    }
    Device& start() {
        task::start(std::move(thread_));
        return *device_;
    }

private:
    void call() {
        Guard guard(lock_);
        queue_.wake_all();
    }
    void work() {
        device_->set_pause(sleep_a_little);
        while (true) {
            {
                Guard guard(lock_);
                while (!device_->has_trouble()) (void)queue_.wait(lock_, sync::Interruptible::no);
            }
            device_->recover();
        }
    }

    Owned<Device> device_;
    Owned<task::Thread> thread_;
    sync::Spin lock_;
    sync::WaitQueue queue_;
};

}  // namespace spore::drivers
