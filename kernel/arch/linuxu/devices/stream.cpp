#include <sys/socket.h>

#include <algorithm>

#include "../host/call.hpp"
#include "incoming.hpp"
#include "kernel/core/log.hpp"
#include "kernel/sync/spin.hpp"
#include "link.hpp"

namespace spore::arch {
namespace {

using device::Packet;

/// The other end is a program of the same user's, and is not trusted with more than its own stream: a length that cannot be ends it.
class Stream final : public Link {
public:
    explicit Stream(int descriptor) : descriptor_(descriptor) {}

    const char* name() const override { return "stream"; }
    u16 mtu() const override { return 65'520; }  // passt's own; the less packets, the faster
    const device::NetFeatures& features() const override { return offers; }

    Owned<Packet> receive(wire::virtio_net::Header& header) override {
        header = {};
        while (!broken_ && incoming_.prepare()) {
            iovec parts[1 + Incoming::max_parts];
            u32 count = next_parts(parts);
            msghdr message{};
            message.msg_iov = parts;
            message.msg_iovlen = static_cast<int>(count);
            i64 got = host::call(SYS_recvmsg, descriptor_, &message, MSG_DONTWAIT);
            if (got <= 0) return {};
            have_ += static_cast<u32>(got);
            if (have_ < sizeof length_) continue;
            if (size() < least || size() > Incoming::largest) {
                core::warn("the user-mode network sends a packet of {} bytes: it is not listened to any more", size());
                broken_ = true;
                return {};
            }
            if (have_ < sizeof length_ + size()) continue;
            have_ = 0;
            return incoming_.take(size());
        }
        return {};
    }

    bool send(const Packet& packet) override {
        be32 length;
        length = packet.size();
        iovec parts[2 + Packet::max_slices] = {{&length, sizeof length}, {const_cast<std::byte*>(packet.head().data()), packet.head().size()}};
        u32 count = 2;
        for (auto& slice : packet.slices()) parts[count++] = {slice.bytes(), slice.size};
        Guard whole(sending_);
        return send_all(parts, count);
    }

private:
    static constexpr device::NetFeatures offers{.max_send_size = 65'535};
    static constexpr u32 least = 14;

    u32 size() const { return length_; }

    /// What is to be read next: the length, or the rest of the packet, and nothing beyond.
    u32 next_parts(iovec* parts) {
        if (have_ < sizeof length_) {
            parts[0] = {reinterpret_cast<std::byte*>(&length_) + have_, sizeof length_ - have_};
            return 1;
        }
        u32 from = have_ - static_cast<u32>(sizeof length_), left = size() - from;
        u32 count = incoming_.parts(from, parts), used = 0;
        for (; used < count && left; ++used) {
            parts[used].iov_len = std::min<std::size_t>(parts[used].iov_len, left);
            left -= static_cast<u32>(parts[used].iov_len);
        }
        return used;
    }

    bool send_all(iovec* parts, u32 count) {
        constexpr i64 interrupted = -4, would_block = -11;
        while (count) {
            msghdr message{};
            message.msg_iov = parts;
            message.msg_iovlen = static_cast<int>(count);
            i64 sent = host::call(SYS_sendmsg, descriptor_, &message, MSG_NOSIGNAL);
            if (sent == interrupted || sent == would_block) continue;
            if (sent < 0) return false;
            while (count && static_cast<u64>(sent) >= parts->iov_len) sent -= static_cast<i64>(parts->iov_len), ++parts, --count;
            if (count) parts->iov_base = static_cast<std::byte*>(parts->iov_base) + sent, parts->iov_len -= static_cast<u64>(sent);
        }
        return true;
    }

    int descriptor_;
    be32 length_{};
    u32 have_ = 0;  ///< of the length and the packet
    bool broken_ = false;
    Incoming incoming_;
    sync::Spin sending_;
};

}  // namespace

Result<Owned<Link>> open_stream(int descriptor) { return Owned<Link>(TRY(make_owned<Stream>(descriptor)).release()); }

}  // namespace spore::arch
