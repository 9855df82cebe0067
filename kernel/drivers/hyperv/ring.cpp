#include "kernel/drivers/hyperv/ring.hpp"

#include <algorithm>
#include <atomic>

namespace spore::drivers::hyperv {

using namespace wire::hyperv;

namespace {
constexpr u32 whole_units(u32 bytes) { return (bytes + unit - 1) / unit * unit; }
/// A packet's lengths are told in units by 16 bits.
constexpr u32 most_bytes = 0xffff * unit;
}  // namespace

void RingMemory::open(std::byte* pages, u32 count) {
    pages_ = pages;
    size_ = (count - 1) * static_cast<u32>(page_size);
    head().features = tells_pending;
}

u32 RingMemory::believed(const u32& theirs, u32 ours) {
    u32 position = __atomic_load_n(&theirs, __ATOMIC_ACQUIRE);  // before what it stands for; pairs with the host's write
    if (position >= size_ || position % unit) [[unlikely]] broken_ = true;
    return broken_ ? ours : position;
}

bool RingWriter::begin(PacketKind kind, u64 transaction, u16 flags, u32 head_bytes, u32 data_bytes) {
    u32 packet = sizeof(PacketHead) + head_bytes + whole_units(data_bytes), room = size_ - untaken();
    // Filled to the last byte it would look empty.
    if (broken_ || packet > most_bytes || room <= packet + trailer_size) return false;
    begun_ = next_;
    at_ = next_;
    PacketHead head{kind, static_cast<u16>((sizeof(PacketHead) + head_bytes) / unit), static_cast<u16>(packet / unit), flags, transaction};
    add(bytes_of(head));
    return true;
}

void RingWriter::add(ByteSpan from) {
    auto first = std::min<std::size_t>(from.size(), size_ - at_);
    std::ranges::copy(from.first(first), bytes() + at_);
    std::ranges::copy(from.subspan(first), bytes());
    at_ = after(at_, static_cast<u32>(from.size()));
}

void RingWriter::end() {
    at_ = after(at_, whole_units(between(begun_, at_)) - between(begun_, at_));
    u64 trailer = u64{begun_} << 32;
    add(bytes_of(trailer));
    next_ = at_;
}

bool RingWriter::publish() {
    if (next_ == shown_) return false;
    u32 before = std::exchange(shown_, next_);
    __atomic_store_n(&head().in, next_, __ATOMIC_RELEASE);  // the packets before the position; pairs with the host's read
    std::atomic_thread_fence(std::memory_order_seq_cst);    // the position before the mask; the host does it the other way round
    // Who has not read all of the former finds these by itself.
    return !__atomic_load_n(&head().interrupt_mask, __ATOMIC_RELAXED) && believed(head().out, before) == before;
}

void RingWriter::want_room(u32 bytes) {
    __atomic_store_n(&head().pending_bytes, bytes ? std::min(whole_units(bytes) + overhead + unit, largest()) : 0, __ATOMIC_RELAXED);
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

std::optional<Incoming> RingReader::next() {
    u32 there = between(next_, believed(head().in, next_));
    if (!there) return std::nullopt;
    PacketHead packet;
    if (!copy(next_, there, 0, std::as_writable_bytes(std::span(&packet, 1)))) {
        give_up();
        return std::nullopt;
    }
    std::atomic_signal_fence(std::memory_order_acquire);  // a copy: no second look at what may have changed
    u32 data = packet.data_units * unit, end = packet.units * unit;
    if (data < sizeof packet || end < data || end + trailer_size > there) {
        give_up();
        return std::nullopt;
    }
    return Incoming{packet.kind, (packet.flags & wants_completion) != 0, packet.transaction, after(next_, sizeof packet), data - static_cast<u32>(sizeof packet), end - data,
                    after(next_, end + trailer_size)};
}

bool RingReader::copy(u32 from, u32 size, u32 offset, MutableByteSpan into) const {
    if (offset > size || into.size() > size - offset) return false;
    from = after(from, offset);
    auto first = std::min<std::size_t>(into.size(), size_ - from);
    std::copy_n(bytes() + from, first, into.begin());
    std::copy_n(bytes(), into.size() - first, into.begin() + static_cast<std::ptrdiff_t>(first));
    return true;
}

bool RingReader::release() {
    if (next_ == released_) return false;
    u32 before = std::exchange(released_, next_);
    __atomic_store_n(&head().out, next_, __ATOMIC_RELEASE);  // what was read before the position; pairs with the host's read
    std::atomic_thread_fence(std::memory_order_seq_cst);     // the position before what waits; the host does it the other way round
    u32 waits_for = __atomic_load_n(&head().pending_bytes, __ATOMIC_RELAXED);
    if (!waits_for) return false;
    u32 in = believed(head().in, next_);
    auto room = [&](u32 out) { return size_ - between(out, in); };
    return room(before) < waits_for && room(next_) >= waits_for;
}

void RingReader::want_events(bool wanted) {
    __atomic_store_n(&head().interrupt_mask, u32{!wanted}, __ATOMIC_RELAXED);
    if (wanted) std::atomic_thread_fence(std::memory_order_seq_cst);  // the mask before the look for news; the host does it the other way round
}

}  // namespace spore::drivers::hyperv
