#include "kernel/drivers/hyperv/channel.hpp"

#include <bit>

namespace spore::drivers::hyperv {

using namespace wire::hyperv;

namespace {
u32 frames_of(const device::TransferPiece& piece) {
    return static_cast<u32>((piece.address.value % page_size + piece.size + page_size - 1) / page_size);
}
}  // namespace

Result<void> Channel::open(Bus& bus, const Offer& offer, u32 pages_each, arch::InterruptHandler handler, void* context) {
    auto order = static_cast<unsigned>(std::bit_width(2 * pages_each - 1));
    rings_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames(order)));
    outgoing.open(rings_.bytes(), pages_each);
    incoming.open(rings_.bytes() + pages_each * page_size, pages_each);
    connection_ = offer.connection;
    u32 shared = TRY(bus.share(offer.channel, rings_.address(), 2 * pages_each * static_cast<u32>(page_size)));
    TRY(bus.listen(offer.channel, handler, context, gone_));
    return bus.open(offer.channel, shared, pages_each);
}

bool Channel::send(PacketKind kind, u64 transaction, u16 flags, ByteSpan data) {
    if (!outgoing.begin(kind, transaction, flags, 0, static_cast<u32>(data.size()))) return false;
    outgoing.add(data);
    outgoing.end();
    return true;
}

bool Channel::send_direct(u64 transaction, std::span<const device::TransferPiece> pieces, ByteSpan data) {
    u32 head = sizeof(DirectHead);
    for (auto& piece : pieces) head += static_cast<u32>(sizeof(RangeHead)) + frames_of(piece) * 8;
    if (!outgoing.begin(PacketKind::direct, transaction, wants_completion, head, static_cast<u32>(data.size()))) return false;
    outgoing.add(bytes_of(DirectHead{0, static_cast<u32>(pieces.size())}));
    for (auto& piece : pieces) {
        outgoing.add(bytes_of(RangeHead{piece.size, static_cast<u32>(piece.address.value % page_size)}));
        u64 first = piece.address.value >> page_shift;
        for (u64 frame = first; frame < first + frames_of(piece); ++frame) outgoing.add(bytes_of(frame));
    }
    outgoing.add(data);
    outgoing.end();
    return true;
}

bool Channel::publish() {
    if (!outgoing.publish()) return false;
    signal();
    return true;
}

}  // namespace spore::drivers::hyperv
