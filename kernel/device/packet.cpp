#include "kernel/device/packet.hpp"

#include <algorithm>

namespace spore::device {

[[gnu::always_inline]] Result<Owned<Packet>> Packet::create(u32 headroom) {
    auto* packet = new (std::nothrow) Packet(headroom);
    if (!packet) return fail(Error::no_memory);
    return Owned<Packet>(packet);
}

Result<Owned<Packet>> Packet::clone() const {
    auto copy = TRY(create(head_start_));
    std::memcpy(copy->head_, head_, head_start_ + head_size_);  // what was popped off too: layers point there
    copy->head_size_ = head_size_;
    std::copy(std::begin(layers_), std::end(layers_), copy->layers_);
    std::memcpy(copy->note_, note_, sizeof note_);
    for (auto& slice : slices()) new (copy->slice_at(copy->slice_count_++)) Slice(slice);
    copy->slice_bytes_ = slice_bytes_;
    copy->checksum = checksum;
    copy->segmentation = segmentation;
    copy->checksum_offset = checksum_offset;
    copy->segment_size = segment_size;
    copy->segments = segments;
    copy->vlan = vlan;
    copy->hash = hash;
    copy->received_at = received_at;
    return copy;
}

Result<void> Packet::add(Slice slice) {
    if (slice_count_ == max_slices) return fail(Error::no_space);
    slice_bytes_ += slice.size;
    new (slice_at(slice_count_++)) Slice(std::move(slice));
    return {};
}

void Packet::remove_front_slices(u32 count) {
    auto all = slices();
    std::move(all.begin() + count, all.end(), all.begin());
    for (auto& slice : all.last(count)) slice.~Slice();
    slice_count_ = static_cast<u16>(slice_count_ - count);
}

Result<void> Packet::move_head(u32 start) {
    u32 by = start - head_start_;
    if (by > tailroom()) return fail(Error::no_space);
    std::memmove(head_ + start, head_ + head_start_, head_size_);
    for (auto& layer : layers_) layer = static_cast<u16>(layer + by);
    head_start_ = static_cast<u16>(start);
    return {};
}

Result<void> Packet::gather(u32 wanted) {
    if (wanted <= head_size_) return {};
    if (wanted > size()) return fail(Error::truncated);
    u32 missing = wanted - head_size_;
    if (missing > tailroom()) return fail(Error::no_space);
    copy_out(head_size_, {head_ + head_start_ + head_size_, missing});
    u32 head_size = head_size_;
    drop_front(wanted);  // what was in the head, and what was copied
    head_start_ = static_cast<u16>(head_start_ - head_size);
    head_size_ = static_cast<u16>(wanted);
    return {};
}

void Packet::truncate(u32 wanted) {
    if (wanted >= size()) return;
    if (wanted <= head_size_) {
        head_size_ = static_cast<u16>(wanted);
        return clear_slices();
    }
    u32 left = wanted - head_size_;
    slice_bytes_ = left;
    u32 kept = 0;
    for (auto& slice : slices()) {
        if (left == 0) break;
        slice.size = std::min(slice.size, left);
        left -= slice.size;
        ++kept;
    }
    for (auto& slice : slices().subspan(kept)) slice.~Slice();
    slice_count_ = static_cast<u16>(kept);
}

void Packet::drop_front(u32 count) {
    u32 from_head = std::min<u32>(count, head_size_);
    pop(from_head);
    count -= from_head;
    slice_bytes_ -= count;
    u32 whole = 0;
    for (auto& slice : slices()) {
        if (count < slice.size) {
            slice.offset += count;
            slice.size -= count;
            break;
        }
        count -= slice.size;
        ++whole;
    }
    if (whole) remove_front_slices(whole);
}

void Packet::copy_out(u32 offset, MutableByteSpan into) const {
    auto* to = into.data();
    for_each_piece(offset, static_cast<u32>(into.size()), [&](ByteSpan piece) {
        std::memcpy(to, piece.data(), piece.size());
        to += piece.size();
    });
}

}  // namespace spore::device
