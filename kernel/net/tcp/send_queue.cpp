#include "kernel/net/tcp/send_queue.hpp"

namespace spore::net::tcp {

Result<void> SendQueue::append(device::Slice slice) {
    u32 size = slice.size;
    if (!slices_.empty()) {
        auto& last = slices_.back();
        if (last.frame.get() == slice.frame.get() && last.offset + last.size == slice.offset) {
            last.size += size;
            size_ += size;
            return {};
        }
    }
    TRY(slices_.push_back(std::move(slice)));
    size_ += size;
    return {};
}

void SendQueue::drop_front(u32 count) {
    size_ -= count;
    // The remembered place keeps its distance from what follows.
    seek_offset_ = seek_offset_ > count ? seek_offset_ - count : 0;
    u32 dropped = 0;
    while (count) {
        auto& first = slices_.front();
        if (count < first.size) {
            first.offset += count;
            first.size -= count;
            break;
        }
        count -= first.size;
        slices_.pop_front();
        ++dropped;
    }
    seek_index_ = seek_index_ > dropped ? seek_index_ - dropped : 0;
    if (seek_index_ == 0) seek_offset_ = 0;
}

void SendQueue::clear() {
    slices_.clear();
    size_ = seek_index_ = seek_offset_ = 0;
}

u32 SendQueue::seek(u32 offset) {
    if (offset < seek_offset_) seek_index_ = seek_offset_ = 0;
    while (offset - seek_offset_ >= slices_[seek_index_].size && seek_index_ + 1 < slices_.size()) seek_offset_ += slices_[seek_index_++].size;
    return offset - seek_offset_;
}

u32 SendQueue::attach(device::Packet& packet, u32 offset, u32 size) {
    u32 within = seek(offset), added = 0;
    for (u32 i = seek_index_; added < size && i < slices_.size(); ++i) {
        auto& slice = slices_[i];
        u32 part = std::min(slice.size - within, size - added);
        if (!packet.add({slice.frame, slice.offset + within, part})) break;
        added += part;
        within = 0;
    }
    return added;
}

void SendQueue::copy_out(u32 offset, MutableByteSpan into) {
    u32 within = seek(offset);
    auto* to = into.data();
    std::size_t left = into.size();
    for (u32 i = seek_index_; left && i < slices_.size(); ++i) {
        auto& slice = slices_[i];
        auto part = std::min<std::size_t>(slice.size - within, left);
        std::memcpy(to, slice.bytes() + within, part);
        to += part;
        left -= part;
        within = 0;
    }
}

}  // namespace spore::net::tcp
