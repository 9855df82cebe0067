// A datagram that a program sends in pieces (MSG_MORE, UDP_CORK): they wait here for the last one [udp(7)].
#pragma once

#include "kernel/fs/io_buffer.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/net/datagram/socket.hpp"

namespace spore::linux {

class GatheredDatagram final : public net::ByteSource {
public:
    /// Where it goes is what the first piece says.
    explicit GatheredDatagram(const net::datagram::Target& target);

    /// All of `piece`; message_too_long, no_memory, bad_address.
    Result<void> append(fs::IoBuffer& piece);
    u64 size() const { return size_; }
    const net::datagram::Target& target() const { return target_; }
    /// From the start again: sending may take several attempts.
    void rewind() { taken_ = 0; }
    Result<void> take(MutableByteSpan into) override;

private:
    net::datagram::Target target_;
    net::Endpoint to_{};
    HeapArray<std::byte> bytes_;
    u64 size_ = 0, taken_ = 0;
};

}  // namespace spore::linux
