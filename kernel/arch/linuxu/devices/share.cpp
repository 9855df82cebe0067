// Nobody waits in the host: the signal that there is something to read, or room to write, comes to CPU 0, which reads what has come to where it belongs.
#include "share.hpp"

#include <sys/socket.h>

#include "../host/call.hpp"
#include "../trap/interrupts.hpp"
#include "arch/mmu.hpp"
#include "base/format.hpp"
#include "base/owned.hpp"
#include "kernel/core/log.hpp"
#include "kernel/sync/mutex.hpp"
#include "replies.hpp"

namespace spore::arch {
namespace {

using device::TransferPiece;
using sync::Interruptible;

constexpr i64 would_block = -11, interrupted = -4;  // EAGAIN, EINTR

class SocketShare final : public device::Share {
public:
    SocketShare(u32 number, const Settings::Share& from) : descriptor_(from.descriptor), user_(from.user) { tag_ = format_to(name_, "share{}", number); }

    Result<void> open() {
        return connect_descriptor(descriptor_, [](void* share) { static_cast<SocketShare*>(share)->on_device(); }, this);
    }

    std::string_view tag() const override { return tag_; }
    /// The server sees one folder besides itself, by this name (host/run/share_server.cpp).
    Attachment attachment() const override { return {"/share", user_}; }

    Result<u32> exchange(std::span<const TransferPiece> request, std::span<const TransferPiece> reply) override {
        if (request.size() + reply.size() > max_pieces || request.empty() || request[0].size < sizeof(wire::ninep::Header)) return fail(Error::invalid);
        Waiting mine({.tag = static_cast<const wire::ninep::Header*>(direct(request[0].address))->tag, .room = reply});
        {
            Guard guard(lock_);
            if (broken_) return fail(Error::io);
            replies_.expect(mine);
        }
        send(request);
        Guard guard(lock_);
        while (mine.state == Replies::State::waits) {
            receive();
            if (mine.state == Replies::State::waits) (void)mine.news.wait(lock_, Interruptible::no);
        }
        if (mine.state == Replies::State::lost) return fail(Error::io);
        return mine.size;
    }

private:
    struct Waiting : Replies::Exchange {
        explicit Waiting(const Exchange& exchange) : Exchange{.tag = exchange.tag, .room = exchange.room} {}
        sync::WaitQueue news;
    };

    /// All of it, or the share is broken: then its exchange is lost with the others.
    void send(std::span<const TransferPiece> request) {
        iovec parts[max_pieces];
        iovec* next = parts;
        for (auto& piece : request) *next++ = {direct(piece.address), piece.size};
        iovec* end = std::exchange(next, parts);
        Guard whole(sending_);
        Guard guard(lock_);
        while (next != end && !broken_) {
            msghdr message{};
            message.msg_iov = next;
            message.msg_iovlen = static_cast<int>(end - next);
            i64 sent = host::call(SYS_sendmsg, descriptor_, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
            if (sent == interrupted) continue;
            if (sent == would_block) {
                (void)room_.wait(lock_, Interruptible::no);  // woken or not: it is tried again
                continue;
            }
            if (sent < 0) return give_up("has ended");
            while (next != end && static_cast<u64>(sent) >= next->iov_len) sent -= static_cast<i64>(next++->iov_len);
            if (next != end) *next = {static_cast<std::byte*>(next->iov_base) + sent, next->iov_len - static_cast<u64>(sent)};
        }
    }

    void receive() {
        while (!broken_ && replies_.expects_any()) {
            iovec parts[Replies::max_parts];
            msghdr message{};
            message.msg_iov = parts;
            message.msg_iovlen = static_cast<int>(replies_.parts(parts));
            i64 got = host::call(SYS_recvmsg, descriptor_, &message, MSG_DONTWAIT);
            if (got == interrupted) continue;
            if (got == would_block) return;
            if (got <= 0) return give_up("has ended");
            auto answered = replies_.take(static_cast<u32>(got));
            if (!answered) return give_up("breaks the rules of its protocol");
            if (*answered) static_cast<Waiting*>(*answered)->news.wake_all();
        }
    }

    void give_up(const char* why) {
        broken_ = true;
        core::error("the server of a folder of the host ({}) {}: nothing in it can be used", tag_, why);
        while (auto* lost = replies_.lose()) static_cast<Waiting*>(lost)->news.wake_all();
        room_.wake_all();
    }

    void on_device() {
        Guard guard(lock_);
        receive();
        room_.wake_all();
    }

    char name_[16];
    std::string_view tag_;
    int descriptor_;
    u32 user_;
    sync::Mutex sending_;  ///< of whole messages; taken before lock_
    sync::Spin lock_;
    sync::WaitQueue room_;
    Replies replies_;
    bool broken_ = false;
};

}  // namespace

void open_shares(const Settings& settings) {
    for (u32 i = 0; i < settings.share_count; ++i) {
        auto share = make_owned<SocketShare>(i, settings.shares[i]);
        if (!share) return core::warn("no memory for the folders that the host shares");
        if (!(*share)->open()) return core::warn("the server of a folder of the host (descriptor {}) cannot be used", settings.shares[i].descriptor);
        device::add_share(*share->release());  // lives as long as the machine
    }
}

}  // namespace spore::arch
