// Frames of the control channel as bytes: taking them apart and putting them together. Pure; the session does the reading.
#pragma once

#include <optional>
#include <string>

#include "abi/channel.hpp"

namespace spore::host {

/// Collects bytes as they come and gives whole frames. `Kind` is abi::GuestFrame or abi::HostFrame, by their direction.
template <typename Kind>
class FrameReader {
public:
    struct Frame {
        Kind kind;
        ByteSpan payload;  ///< valid until the next call of `add` or `next`
        std::string_view text() const { return {reinterpret_cast<const char*>(payload.data()), payload.size()}; }
    };

    void add(ByteSpan bytes);
    /// The next whole frame, or nothing yet.
    std::optional<Frame> next();
    /// The other side sent a frame larger than the protocol allows: nothing after it can be understood.
    bool broken() const { return broken_; }

private:
    std::string buffer_;
    std::size_t taken_ = 0;
    bool broken_ = false;
};
using GuestFrameReader = FrameReader<abi::GuestFrame>;
using HostFrameReader = FrameReader<abi::HostFrame>;

/// Appends one frame to `out`.
void append_frame(std::string& out, abi::HostFrame kind, ByteSpan payload = {});
void append_signal(std::string& out, int signal);
void append_window_size(std::string& out, u16 rows, u16 columns);

}  // namespace spore::host
