// Frames that a network device fills, each in a slot, and packets made of what it filled.
//
// A small packet is copied; of a larger one the headers are copied and the rest is a slice of the frame, for which the slot gets another. So
// no slot is ever empty once it had a frame: without memory for another, the packet is dropped.
#pragma once

#include "kernel/device/packet.hpp"

namespace spore::drivers {

class ReceiveFrames {
public:
    /// Room in front of a received packet, for whoever turns it into an answer: another virtio header.
    static constexpr u32 headroom = 16;
    static constexpr u32 copied_whole = device::Packet::head_capacity - headroom;
    /// Of a larger packet: enough for Ethernet, IPv6 and TCP with all options that are in use.
    static constexpr u32 copied_headers = 128;

    ReceiveFrames() = default;
    ReceiveFrames(const ReceiveFrames&) = delete;
    ~ReceiveFrames() { delete[] frames_; }

    /// Slots without frames. no_memory.
    Result<void> open(u32 slots);
    /// Gives a slot that has none its first frame; false without memory.
    bool supply(u32 slot);
    PhysAddr address(u32 slot) const { return frames_[slot].address(); }
    std::byte* bytes(u32 slot) const { return frames_[slot].bytes(); }

    /// A packet that begins with `size` bytes at `offset` of a slot, which lie in its frame. Null without memory.
    Owned<device::Packet> begin(u32 slot, u32 offset, u32 size) {
        auto packet = device::Packet::create(headroom);
        if (!packet) [[unlikely]] return {};
        u32 copied = size <= copied_whole ? size : copied_headers;
        copy_steps((*packet)->append(copied).data(), bytes(slot) + offset, copied);
        if (size > copied && !extend(**packet, slot, offset + copied, size - copied)) [[unlikely]] return {};
        return std::move(*packet);
    }
    /// Adds `size` bytes, at least one; the slot's frame goes with them and another takes its place. False without memory or room in the packet,
    /// and nothing has changed.
    bool extend(device::Packet& packet, u32 slot, u32 offset, u32 size);

private:
    static constexpr u32 copy_step = 16;
    static_assert(copied_whole % copy_step == 0 && copied_headers % copy_step == 0);
    /// Copies in whole steps, so a little more than `size`; both sides have the room. Neither REP MOVS nor a call: packets are short.
    static void copy_steps(std::byte* to, const std::byte* from, u32 size) {
        for (u32 at = 0; at < size; at += copy_step) __builtin_memcpy(to + at, from + at, copy_step);
    }

    memory::FrameRef* frames_ = nullptr;
};

}  // namespace spore::drivers
