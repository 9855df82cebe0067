#include "host/run/frames.hpp"

namespace spore::host {

template <typename Kind>
void FrameReader<Kind>::add(ByteSpan bytes) {
    if (taken_ == buffer_.size()) buffer_.clear(), taken_ = 0;
    else if (taken_ > 4 * abi::max_frame_payload) buffer_.erase(0, taken_), taken_ = 0;
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

template <typename Kind>
auto FrameReader<Kind>::next() -> std::optional<Frame> {
    auto rest = std::as_bytes(std::span(buffer_)).subspan(taken_);
    auto* header = view_at<abi::FrameHeader>(rest, 0);
    if (!header || broken_) return std::nullopt;
    if (header->size > abi::max_frame_payload) {
        broken_ = true;
        return std::nullopt;
    }
    auto payload = slice(rest, sizeof *header, header->size);
    if (!payload) return std::nullopt;
    taken_ += sizeof *header + payload->size();
    return Frame{static_cast<Kind>(header->kind), *payload};
}

template class FrameReader<abi::GuestFrame>;
template class FrameReader<abi::HostFrame>;

void append_frame(std::string& out, abi::HostFrame kind, ByteSpan payload) {
    abi::FrameHeader header{};
    header.kind = static_cast<u8>(kind);
    header.size = static_cast<u32>(payload.size());
    out.append(reinterpret_cast<const char*>(&header), sizeof header);
    out.append(reinterpret_cast<const char*>(payload.data()), payload.size());
}

void append_signal(std::string& out, int signal) {
    le32 number{};
    number = static_cast<u32>(signal);
    append_frame(out, abi::HostFrame::signal, bytes_of(number));
}

void append_window_size(std::string& out, u16 rows, u16 columns) {
    le16 size[2]{};
    size[0] = rows, size[1] = columns;
    append_frame(out, abi::HostFrame::window_size, bytes_of(size));
}

}  // namespace spore::host
