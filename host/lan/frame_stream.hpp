// Ethernet frames on a stream, each after its length as 32 bits, big endian: what QEMU's -netdev socket and linuxu's kernel speak.
#pragma once

#include <functional>
#include <vector>

#include "base/bytes.hpp"
#include "host/common/files.hpp"

namespace spore::host::lan {

class FrameStream {
public:
    /// A header, a tag and what an MTU of 1500 lets follow. Longer frames, which nobody here sends, are dropped.
    static constexpr std::size_t largest_frame = 1518, smallest_frame = 14;
    /// A frame's length may not say more: then it is no stream of frames.
    static constexpr std::size_t largest_length = 128_KiB;
    /// What waits for a member that does not take it; what comes beyond that is dropped, as on a wire.
    static constexpr std::size_t most_waiting = 1_MiB;

    explicit FrameStream(FileDescriptor connection) : connection_(std::move(connection)) {}

    int descriptor() const { return connection_.number(); }
    /// Takes what is there, and gives each frame that is whole. False when the other side has ended, or breaks the rules.
    bool receive(const std::function<void(ByteSpan)>& take);
    /// Waits until flush().
    void send(ByteSpan frame);
    /// Hands over what waits, as far as it is taken now. False when the other side has ended.
    bool flush();
    bool waits() const { return sent_ < waiting_.size(); }

private:
    bool split(const std::function<void(ByteSpan)>& take);

    FileDescriptor connection_;
    std::vector<std::byte> received_, waiting_;
    std::size_t sent_ = 0;  ///< of what waits
};

}  // namespace spore::host::lan
