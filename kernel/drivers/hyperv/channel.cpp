#include "kernel/drivers/hyperv/channel.hpp"

#include <bit>

namespace spore::drivers::hyperv {

using namespace wire::hyperv;

namespace {
u32 frames_of(const device::TransferPiece& piece) {
    return static_cast<u32>((piece.address.value % page_size + piece.size + page_size - 1) / page_size);
}

/// How many of the first pieces meet at pages' boundaries: those are one range.
std::size_t in_one_range(std::span<const device::TransferPiece> pieces) {
    std::size_t count = 1;
    while (count < pieces.size() && (pieces[count - 1].address.value + pieces[count - 1].size | pieces[count].address.value) % page_size == 0) ++count;
    return count;
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
    u32 ranges = 0, frames = 0;
    for (auto rest = pieces; !rest.empty(); rest = rest.subspan(in_one_range(rest))) ++ranges;
    for (auto& piece : pieces) frames += frames_of(piece);
    u32 head = static_cast<u32>(sizeof(DirectHead) + ranges * sizeof(RangeHead) + frames * sizeof(u64));
    if (!outgoing.begin(PacketKind::direct, transaction, wants_completion, head, static_cast<u32>(data.size()))) return false;
    outgoing.add(bytes_of(DirectHead{0, ranges}));
    for (auto rest = pieces; !rest.empty();) {
        auto range = rest.first(in_one_range(rest));
        rest = rest.subspan(range.size());
        u32 bytes = 0;
        for (auto& piece : range) bytes += piece.size;
        outgoing.add(bytes_of(RangeHead{bytes, static_cast<u32>(range.front().address.value % page_size)}));
        for (auto& piece : range) {
            u64 first = piece.address.value >> page_shift;
            for (u64 frame = first; frame < first + frames_of(piece); ++frame) outgoing.add(bytes_of(frame));
        }
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
