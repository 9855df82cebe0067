#include "kernel/device/net.hpp"

#include "kernel/core/log.hpp"

namespace spore::device {

namespace {
constexpr std::size_t limit = 16;
constinit NetDevice* devices[limit] = {};
constinit std::size_t count = 0;  // grows while one CPU starts the devices
}  // namespace

NetDevice* net_device(std::size_t index) { return index < count ? devices[index] : nullptr; }

void add_net_device(NetDevice& device) {
    if (count == limit) return core::warn("more than {} network devices: one is not used", limit);
    devices[count++] = &device;
}

}  // namespace spore::device
