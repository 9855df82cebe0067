#include "replies.hpp"

#include <algorithm>
#include <cstring>

#include "arch/mmu.hpp"

namespace spore::arch {

u32 Replies::size_of(std::span<const device::TransferPiece> pieces) {
    u64 size = 0;
    for (auto& piece : pieces) size += piece.size;
    return static_cast<u32>(std::min<u64>(size, ~u32{0}));
}

u32 Replies::parts_of_reply(iovec* into) const {
    u32 skip = have_, left = current_->size - have_, count = 0;
    for (auto& piece : current_->room) {
        u32 skipped = std::min(skip, piece.size), part = std::min(piece.size - skipped, left);
        skip -= skipped;
        left -= part;
        if (part) into[count++] = {static_cast<std::byte*>(direct(piece.address)) + skipped, part};
    }
    return count;
}

u32 Replies::parts(iovec* into) {
    if (current_) return parts_of_reply(into);
    into[0] = {reinterpret_cast<std::byte*>(&header_) + have_, sizeof header_ - have_};
    return 1;
}

Result<void> Replies::begin_reply() {
    u16 tag = header_.tag;
    u32 size = header_.size;
    auto found = std::ranges::find(waiting_, tag, &Exchange::tag);
    if (found == waiting_.end() || size < sizeof header_ || size > size_of(found->room)) return fail(Error::protocol);
    current_ = &*found;
    current_->size = size;
    have_ = 0;
    iovec places[max_parts];
    auto* from = reinterpret_cast<const std::byte*>(&header_);
    for (u32 i = 0, count = parts_of_reply(places); i < count && have_ < sizeof header_; ++i) {
        auto part = std::min<std::size_t>(places[i].iov_len, sizeof header_ - have_);
        std::memcpy(places[i].iov_base, from + have_, part);
        have_ += static_cast<u32>(part);
    }
    return {};
}

Result<Replies::Exchange*> Replies::take(u32 count) {
    have_ += count;
    if (!current_) {
        if (have_ < sizeof header_) return nullptr;
        TRY(begin_reply());
    }
    if (have_ < current_->size) return nullptr;
    auto* answered = std::exchange(current_, nullptr);
    have_ = 0;
    waiting_.remove(*answered);
    answered->state = State::answered;
    return answered;
}

Replies::Exchange* Replies::lose() {
    current_ = nullptr;
    have_ = 0;
    auto* lost = waiting_.pop_front();
    if (lost) lost->state = State::lost;
    return lost;
}

}  // namespace spore::arch
