// The bytes that were not acknowledged yet, from SND.UNA on: a row of slices. Segments refer to them; nothing is copied when it is sent, nor when it
// is sent again.
#pragma once

#include "kernel/device/packet.hpp"
#include "kernel/net/tcp/ring.hpp"

namespace spore::net::tcp {

class SendQueue {
public:
    u32 size() const { return size_; }
    bool empty() const { return size_ == 0; }
    /// A slice that continues the last one makes it longer. no_memory.
    Result<void> append(device::Slice slice);
    /// Lets go of the first `count` bytes.
    void drop_front(u32 count);
    /// Adds slices for [offset, offset + size) to the packet, as many as it can hold; returns their bytes.
    u32 attach(device::Packet& packet, u32 offset, u32 size);
    void copy_out(u32 offset, MutableByteSpan into);
    void clear();

private:
    /// Finds the slice of a byte; leaves its number in seek_index_ and returns the offset within.
    u32 seek(u32 offset);

    Ring<device::Slice, 2> slices_;
    u32 size_ = 0;
    // Where the last look-up ended: sending goes on where it stopped.
    u32 seek_index_ = 0, seek_offset_ = 0;
};

}  // namespace spore::net::tcp
