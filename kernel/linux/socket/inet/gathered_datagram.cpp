#include "kernel/linux/socket/inet/gathered_datagram.hpp"

#include <algorithm>
#include <cstring>

namespace spore::linux {

GatheredDatagram::GatheredDatagram(const net::datagram::Target& target) : target_(target) {
    if (!target.to) return;
    to_ = *target.to;
    target_.to = &to_;
}

Result<void> GatheredDatagram::append(fs::IoBuffer& piece) {
    constexpr u64 most = 65'535, first_room = 2048;
    u64 more = piece.remaining();
    if (more > most - size_) return fail(Error::message_too_long);
    if (size_ + more > bytes_.size()) {
        auto larger = TRY(HeapArray<std::byte>::create(std::clamp(2 * (size_ + more), first_room, most)));
        std::copy_n(bytes_.data(), size_, larger.data());
        bytes_ = std::move(larger);
    }
    TRY(piece.take(bytes_.span().subspan(size_, more)));
    size_ += more;
    return {};
}

Result<void> GatheredDatagram::take(MutableByteSpan into) {
    std::memcpy(into.data(), bytes_.data() + taken_, into.size());
    taken_ += into.size();
    return {};
}

}  // namespace spore::linux
