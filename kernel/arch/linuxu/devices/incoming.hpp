// The room that a received packet is read into: its head, and frames for the rest, of which those that are not used wait for the next.
#pragma once

#include <sys/uio.h>

#include "kernel/device/packet.hpp"

namespace spore::arch {

class Incoming {
public:
    static constexpr u32 largest = 65'535 + 14;
    static constexpr u32 in_head = device::Packet::head_capacity - 16;
    static constexpr u32 pages = (largest - in_head + page_size - 1) / page_size;
    static constexpr u32 max_parts = 1 + pages;

    /// Sees to it that there is room. False without memory.
    bool prepare();
    /// The room from byte `from` on; how many parts it has.
    u32 parts(u32 from, iovec* into);
    /// The packet that the first `size` bytes are.
    Owned<device::Packet> take(u32 size);

private:
    Owned<device::Packet> packet_;
    memory::FrameRef frames_[pages];
};

}  // namespace spore::arch
