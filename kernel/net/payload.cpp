#include "kernel/net/payload.hpp"

#include <algorithm>

namespace spore::net {

namespace {
/// Blocks of 32 KiB at most: larger ones are hard to find once memory is in pieces.
constexpr unsigned largest_order = 3;

unsigned order_for(u32 size) {
    unsigned order = 0;
    while (order < largest_order && (page_size << order) < size) ++order;
    return order;
}

Result<memory::Frame*> allocate_block(unsigned& order) {
    while (true) {
        auto frame = memory::allocate_frames(order);
        if (frame || order == 0) return frame;
        --order;
    }
}
}  // namespace

Result<Owned<device::Packet>> packet_with_payload(ByteSource& from, u32 size, u32 header) {
    auto packet = TRY(device::Packet::create());
    // The headers are pushed in front of the head's bytes; its headroom was made for them.
    if (size + header <= packet->tailroom()) {
        TRY(from.take(packet->append(size)));
        return packet;
    }
    while (size) {
        unsigned order = order_for(size);
        auto frame = memory::FrameRef::adopt(TRY(allocate_block(order)));
        u32 part = std::min<u32>(size, static_cast<u32>(page_size << order));
        TRY(from.take({frame.bytes(), part}));
        TRY(packet->add({.frame = std::move(frame), .offset = 0, .size = part}));
        size -= part;
    }
    return packet;
}

}  // namespace spore::net
