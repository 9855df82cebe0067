// What chains are made of.
#pragma once

#include "base/types.hpp"

namespace spore::drivers::virtio {

/// A piece of physical memory for the device to read or to write.
struct Buffer {
    PhysAddr address;
    u32 size;
    enum class Direction : u8 { to_device, from_device } direction;
};

}  // namespace spore::drivers::virtio
