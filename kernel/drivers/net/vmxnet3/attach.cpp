#include "kernel/drivers/net/vmxnet3/attach.hpp"

#include "kernel/drivers/net/vmxnet3/device.hpp"

namespace spore::drivers::vmxnet3 {

namespace {
constexpr u32 queue_bar = 0, control_bar = 1;
}

Result<void> attach(const PciFunction& function) {
    auto queues = TRY(open_hardware(function, queue_bar, wire::vmxnet3::register_space));
    auto control = TRY(open_hardware(function, control_bar, wire::vmxnet3::register_space));
    auto device = TRY(make_owned<Device>(std::move(queues), std::move(control)));
    TRY(device->open());
    device::add_net_device(*device.release());  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers::vmxnet3
