#include "kernel/drivers/net/nurse.hpp"

#include "kernel/sync/sleep.hpp"

namespace spore::drivers {

Result<void> Nurse::add(Owned<WatchedDevice> device) {
    auto nurse = TRY(make_owned<Nurse>(std::move(device)));
    auto thread = TRY(task::Thread::create("reset the network card", [](void* self) { static_cast<Nurse*>(self)->work(); }, nurse.get()));
    TRY(thread->set_affinity(1));
    auto& added = *nurse.release();
    added.device_->set_helper({[](void* self) { static_cast<Nurse*>(self)->call(); }, &added});
    task::start(std::move(thread));
    device::add_net_device(*added.device_);
    return {};
}

void Nurse::call() {
    Guard guard(lock_);
    queue_.wake_all();
}

void Nurse::work() {
    device_->set_pause([] { sync::sleep(Duration::ms(1)); });
    while (true) {
        {
            Guard guard(lock_);
            while (!device_->has_trouble()) (void)queue_.wait(lock_, sync::Interruptible::no);
        }
        device_->recover();
    }
}

}  // namespace spore::drivers
