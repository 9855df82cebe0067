// The control channel: a socket that the host tool holds the other end of.
#include "channel.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>

#include "../host/call.hpp"
#include "../trap/interrupts.hpp"
#include "kernel/device/byte_stream.hpp"
#include "kernel/sync/mutex.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::arch {
namespace {

using sync::Interruptible;

constexpr i64 would_block = -11, interrupted = -4;  // EAGAIN, EINTR
constexpr int urgent_wait_ms = 1000;

class Channel final : public device::ByteStream {
public:
    Result<void> open(int descriptor) {
        descriptor_ = descriptor;
        return connect_descriptor(descriptor, [](void* channel) { static_cast<Channel*>(channel)->on_device(); }, this);
    }

    Result<void> send(ByteSpan first, ByteSpan second) override {
        Guard whole(sending_);
        TRY(send_all(first));
        return send_all(second);
    }

    void send_urgently(ByteSpan first, ByteSpan second) override {
        for (auto piece : {first, second})
            while (!piece.empty()) {
                i64 sent = write(piece);
                if (sent > 0) piece = piece.subspan(static_cast<std::size_t>(sent));
                else if (sent != would_block || !wait_for_room()) return;
            }
    }

    Result<std::size_t> receive(MutableByteSpan into) override {
        Guard guard(lock_);
        while (true) {
            i64 got = host::call(SYS_recvfrom, descriptor_, into.data(), into.size(), MSG_DONTWAIT, nullptr, nullptr);
            if (got > 0) return static_cast<std::size_t>(got);
            // After the end nothing more will come: this thread's work is done.
            TRY(arrivals_.wait(lock_, Interruptible::no));
        }
    }

    void drain() override {}  // what the socket has taken reaches its other end

private:
    i64 write(ByteSpan piece) { return host::call(SYS_sendto, descriptor_, piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL, nullptr, 0); }

    Result<void> send_all(ByteSpan piece) {
        while (!piece.empty()) {
            Guard guard(lock_);
            i64 sent = write(piece);
            if (sent > 0) piece = piece.subspan(static_cast<std::size_t>(sent));
            else if (sent == would_block) TRY(room_.wait(lock_, Interruptible::no));
            else if (sent != interrupted) return fail(Error::io);
        }
        return {};
    }

    bool wait_for_room() {
        pollfd wanted{descriptor_, POLLOUT, 0};
        timespec limit{urgent_wait_ms / 1000, urgent_wait_ms % 1000 * 1'000'000};
        return host::call(SYS_ppoll, &wanted, 1, &limit, nullptr, 8) != 0 && !(wanted.revents & (POLLERR | POLLHUP));
    }

    void on_device() {
        Guard guard(lock_);
        arrivals_.wake_all();
        room_.wake_all();
    }

    int descriptor_ = -1;
    sync::Mutex sending_;
    sync::Spin lock_;
    sync::WaitQueue arrivals_, room_;
};

constinit Channel channel;

}  // namespace

void open_channel(int descriptor) {
    if (descriptor >= 0 && channel.open(descriptor)) device::offer_channel_stream(channel);
}

}  // namespace spore::arch
