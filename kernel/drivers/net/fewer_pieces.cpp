#include "kernel/drivers/net/fewer_pieces.hpp"

#include <algorithm>

namespace spore::drivers {

Result<Owned<device::Packet>> in_fewer_pieces(const device::Packet& packet) {
    auto copy = TRY(packet.clone());
    copy->clear_slices();
    auto at = static_cast<u32>(packet.head().size());
    for (u32 end = packet.size(); at < end;) {
        u32 count = std::min<u32>(end - at, page_size);
        auto frame = memory::FrameRef::adopt(TRY(memory::allocate_frames()));
        packet.copy_out(at, {frame.bytes(), count});
        TRY(copy->add({std::move(frame), 0, count}));
        at += count;
    }
    return copy;
}

}  // namespace spore::drivers
