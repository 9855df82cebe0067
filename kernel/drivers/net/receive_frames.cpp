#include "kernel/drivers/net/receive_frames.hpp"

namespace spore::drivers {

Result<void> ReceiveFrames::open(u32 slots) {
    frames_ = new (std::nothrow) memory::FrameRef[slots];
    if (!frames_) return fail(Error::no_memory);
    return {};
}

bool ReceiveFrames::supply(u32 slot) {
    auto frame = memory::allocate_frames();
    if (!frame) return false;
    frames_[slot] = memory::FrameRef::adopt(*frame);
    return true;
}

bool ReceiveFrames::extend(device::Packet& packet, u32 slot, u32 offset, u32 size) {
    if (packet.slices().size() == device::Packet::max_slices) return false;
    auto frame = memory::allocate_frames();
    if (!frame) return false;
    auto& place = frames_[slot];
    (void)packet.add({std::move(place), offset, size});
    place = memory::FrameRef::adopt(*frame);
    return true;
}

}  // namespace spore::drivers
