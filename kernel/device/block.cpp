#include "kernel/device/block.hpp"

namespace spore::device {
namespace {
constexpr std::size_t max_disks = 32;
constinit BlockDevice* disks[max_disks] = {};
constinit std::size_t count = 0;
}  // namespace

BlockDevice* disk(std::size_t index) { return index < count ? disks[index] : nullptr; }
void add_disk(BlockDevice& device) {
    if (count < max_disks) disks[count++] = &device;
}

}  // namespace spore::device
