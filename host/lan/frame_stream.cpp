#include "host/lan/frame_stream.hpp"

#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace spore::host::lan {

bool FrameStream::receive(const std::function<void(ByteSpan)>& take) {
    constexpr std::size_t at_a_time = 64_KiB;
    auto old = received_.size();
    received_.resize(old + at_a_time);
    auto size = ::recv(connection_.number(), received_.data() + old, at_a_time, MSG_DONTWAIT);
    received_.resize(old + (size > 0 ? static_cast<std::size_t>(size) : 0));
    if (size < 0) return errno == EAGAIN || errno == EINTR;
    return size > 0 && split(take);
}

bool FrameStream::split(const std::function<void(ByteSpan)>& take) {
    ByteSpan rest(received_);
    while (const auto* length = view_at<be32>(rest, 0)) {
        if (*length > largest_length) return false;
        if (rest.size() - sizeof *length < *length) break;
        auto frame = rest.subspan(sizeof *length, *length);
        if (frame.size() >= smallest_frame && frame.size() <= largest_frame) take(frame);
        rest = rest.subspan(sizeof *length + *length);
    }
    received_.erase(received_.begin(), received_.end() - static_cast<std::ptrdiff_t>(rest.size()));
    return true;
}

void FrameStream::send(ByteSpan frame) {
    if (waiting_.size() - sent_ + sizeof(be32) + frame.size() > most_waiting) return;
    be32 length;
    length = static_cast<u32>(frame.size());
    auto bytes = std::as_bytes(std::span(&length, 1));
    waiting_.insert(waiting_.end(), bytes.begin(), bytes.end());
    waiting_.insert(waiting_.end(), frame.begin(), frame.end());
}

bool FrameStream::flush() {
    while (waits()) {
        auto size = ::send(connection_.number(), waiting_.data() + sent_, waiting_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR) continue;
        if (size < 0 && errno != EAGAIN) return false;
        if (size < 0) break;
        sent_ += static_cast<std::size_t>(size);
    }
    // What is sent goes when it is the larger part: each byte is moved once, however little is taken at a time.
    if (2 * sent_ >= waiting_.size()) waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(std::exchange(sent_, 0)));
    return true;
}

}  // namespace spore::host::lan
