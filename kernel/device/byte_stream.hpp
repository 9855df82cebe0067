// A pair of byte pipes to somebody outside: what a virtio-console port or a serial line is.
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

namespace spore::device {

class ByteStream {
public:
    virtual ~ByteStream() = default;
    /// Sends both pieces, together at most atomic_size bytes, without those of other callers between them. Sleeps while the other side
    /// takes no more.
    virtual Result<void> send(ByteSpan first, ByteSpan second) = 0;
    static constexpr std::size_t atomic_size = 4096;
    /// The same without sleeping, in any context: for log lines and panics. What cannot be sent within a second or so is lost.
    virtual void send_urgently(ByteSpan first, ByteSpan second) = 0;
    /// Waits for bytes: at least one, at most `into`.
    virtual Result<std::size_t> receive(MutableByteSpan into) = 0;
    /// Whether receive() finds some without waiting.
    virtual bool has_input() = 0;
    /// Waits (polling, briefly) until all that was sent has been taken.
    virtual void drain() = 0;
};

/// The stream that a driver found for the control channel; the first wins. Null when there is none.
ByteStream* channel_stream();
void offer_channel_stream(ByteStream& stream);

}  // namespace spore::device
