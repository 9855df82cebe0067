// The control channel: a socket that the host tool holds the other end of.
#include "channel.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <span>

#include "../host/call.hpp"
#include "../trap/interrupts.hpp"
#include "arch/cpu.hpp"
#include "kernel/device/byte_stream.hpp"
#include "kernel/sync/spin.hpp"
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
        Guard guard(lock_);
        while (true) {
            auto done = try_send(first, second);
            if (done == Attempt::sent) return {};
            if (done == Attempt::broken) return fail(Error::io);
            TRY(room_.wait(lock_, Interruptible::no));
        }
    }

    void send_urgently(ByteSpan first, ByteSpan second) override {
        // A panic may have stopped the lock's holder for ever.
        bool locked = false;
        for (int spin = 0; spin < 1'000'000 && !(locked = lock_.try_lock()); ++spin) arch::relax();
        while (try_send(first, second) == Attempt::full && wait_for_room()) {}
        if (locked) lock_.unlock();
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

    bool has_input() override {
        pollfd wanted{descriptor_, POLLIN, 0};
        timespec at_once{};
        return host::call(SYS_ppoll, &wanted, 1, &at_once, nullptr, 8) > 0;
    }

    /// What the socket has taken reaches its other end.
    void drain() override {
        while (push_rest() == Attempt::full && wait_for_room()) {}
    }

private:
    enum class Attempt : u8 { sent, full, broken };

    /// Sends all or nothing, as others see it: what the socket does not take of it at once goes before anything else.
    Attempt try_send(ByteSpan first, ByteSpan second) {
        if (first.size() + second.size() > sizeof rest_) return Attempt::broken;
        if (auto before = push_rest(); before != Attempt::sent) return before;
        iovec pieces[] = {{const_cast<std::byte*>(first.data()), first.size()}, {const_cast<std::byte*>(second.data()), second.size()}};
        u64 taken;
        if (auto done = write(pieces, taken); done != Attempt::sent) return done;
        for (auto piece : {first, second}) {
            auto skipped = std::min<u64>(taken, piece.size());
            taken -= skipped;
            auto left = piece.subspan(skipped);
            std::memcpy(rest_ + rest_end_, left.data(), left.size());
            rest_end_ += left.size();
        }
        return Attempt::sent;
    }

    Attempt push_rest() {
        while (rest_begin_ < rest_end_) {
            iovec piece[] = {{rest_ + rest_begin_, rest_end_ - rest_begin_}};
            u64 taken;
            if (auto done = write(piece, taken); done != Attempt::sent) return done;
            rest_begin_ += taken;
        }
        rest_begin_ = rest_end_ = 0;
        return Attempt::sent;
    }

    /// Some of the pieces, at least a byte.
    Attempt write(std::span<iovec> pieces, u64& taken) {
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = pieces.size();
        i64 sent;
        do sent = host::call(SYS_sendmsg, descriptor_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
        while (sent == interrupted);
        if (sent == would_block) return Attempt::full;
        if (sent <= 0) return Attempt::broken;
        taken = static_cast<u64>(sent);
        return Attempt::sent;
    }

    bool wait_for_room() {
        pollfd wanted{descriptor_, POLLOUT, 0};
        timespec limit{urgent_wait_ms / 1000, urgent_wait_ms % 1000 * 1'000'000};
        return host::call(SYS_ppoll, &wanted, 1, &limit, nullptr, 8) != 0 && !(wanted.revents & (POLLERR | POLLHUP));
    }

    void on_device() {
        Guard guard(lock_);
        (void)push_rest();
        arrivals_.wake_all();
        room_.wake_all();
    }

    int descriptor_ = -1;
    sync::Spin lock_;
    sync::WaitQueue arrivals_, room_;
    std::byte rest_[atomic_size] = {};  ///< of a piece that the socket took a part of
    std::size_t rest_begin_ = 0, rest_end_ = 0;
};

constinit Channel channel;

}  // namespace

void open_channel(int descriptor) {
    if (descriptor >= 0 && channel.open(descriptor)) device::offer_channel_stream(channel);
}

}  // namespace spore::arch
