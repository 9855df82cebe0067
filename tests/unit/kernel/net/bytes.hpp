// What programs send and receive, in tests of sockets.
#pragma once

#include <gtest/gtest.h>

#include "kernel/net/datagram/socket.hpp"
#include "tests/fakes/net/frames.hpp"

namespace spore::net {

class Source final : public ByteSource {
public:
    explicit Source(const fakes::Bytes& bytes) : bytes_(bytes) {}
    Result<void> take(MutableByteSpan into) override {
        if (!into.empty()) std::memcpy(into.data(), bytes_.data() + at_, into.size());
        at_ += into.size();
        return {};
    }

private:
    const fakes::Bytes& bytes_;
    std::size_t at_ = 0;
};

class Sink final : public ByteSink {
public:
    fakes::Bytes bytes;
    Result<void> put(ByteSpan more) override {
        auto* data = reinterpret_cast<const u8*>(more.data());
        bytes.insert(bytes.end(), data, data + more.size());
        return {};
    }
};

inline Result<u64> send_bytes(datagram::Socket& socket, const fakes::Bytes& bytes, const datagram::Target& target = {}) {
    Source source(bytes);
    return socket.send(source, bytes.size(), target);
}
/// The next datagram; there must be one.
inline fakes::Bytes received_bytes(datagram::Socket& socket) {
    Sink sink;
    EXPECT_TRUE(socket.receive(sink, 65536, datagram::Socket::Peek::no));
    return sink.bytes;
}

}  // namespace spore::net
