#include "incoming.hpp"

#include <algorithm>

namespace spore::arch {

using device::Packet;

bool Incoming::prepare() {
    if (!packet_) {
        auto packet = Packet::create(Packet::head_capacity - in_head);
        if (!packet) return false;
        packet_ = std::move(*packet);
        packet_->append(in_head);
    }
    for (auto& frame : frames_) {
        if (frame) continue;
        auto fresh = memory::allocate_frames();
        if (!fresh) return false;
        frame = memory::FrameRef::adopt(*fresh);
    }
    return true;
}

u32 Incoming::parts(u32 from, iovec* into) {
    u32 count = 0;
    auto add = [&](std::byte* bytes, u32 size) {
        u32 skipped = std::min(from, size);
        from -= skipped;
        if (skipped < size) into[count++] = {bytes + skipped, size - skipped};
    };
    add(packet_->head().data(), in_head);
    for (auto& frame : frames_) add(frame.bytes(), page_size);
    return count;
}

Owned<Packet> Incoming::take(u32 size) {
    auto packet = std::move(packet_);
    packet->truncate(std::min(size, in_head));
    for (u32 at = in_head, i = 0; at < size; at += page_size, ++i)
        (void)packet->add({std::move(frames_[i]), 0, std::min<u32>(size - at, page_size)});  // fewer than a packet can have
    return packet;
}

}  // namespace spore::arch
