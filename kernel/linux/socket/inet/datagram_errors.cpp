// MSG_ERRQUEUE: what went wrong with datagrams that were sent, one at a time, with the address that each was sent to and what is known of its bytes [ip(7)];
// and which sends with MSG_ZEROCOPY are done.
#include "kernel/linux/errno.hpp"
#include "kernel/linux/socket/inet/datagram_socket.hpp"
#include "kernel/linux/socket/inet/extended_error.hpp"

namespace spore::linux {

/// A datagram is copied when it is sent, so the program's pages are its own again at once.
void DatagramSocket::note_copied_send() {
    {
        Guard guard(copied_lock_);
        copied_.fetch_add(1, std::memory_order_release);
    }
    source_.notify(fs::Ready::error);
}

Result<u64> DatagramSocket::receive_copied_sends(ReceiveRequest& request) {
    u32 first, end;
    {
        Guard guard(copied_lock_);
        first = copied_told_.load(std::memory_order_relaxed), end = copied_.load(std::memory_order_relaxed);
        copied_told_.store(end, std::memory_order_relaxed);
    }
    if (first == end) return fail(Error::would_block);
    TRY(put_extended_error(request, family(), {.number = 0, .origin = origin_zerocopy, .type = 0, .code = zerocopy_copied, .padding = 0, .info = first, .data = end - 1}));
    return 0;
}

Result<u64> DatagramSocket::receive_error(ReceiveRequest& request) {
    if (auto copied = receive_copied_sends(request); copied || copied.error() != Error::would_block) return copied;
    BufferSink sink(request.data);
    u64 copied = 0;
    auto queued = TRY(endpoint_->receive_error(sink, request.data.remaining(), copied));
    request.from = name_of({queued.destination, queued.port, 0});
    ExtendedError error{.number = static_cast<u32>(errno_of(queued.error)), .origin = static_cast<u8>(queued.origin), .type = queued.type, .code = queued.code,
                        .padding = 0, .info = queued.info, .data = 0};
    bool reported = queued.origin != net::datagram::QueuedError::Origin::local;
    TRY(put_extended_error(request, queued.destination.is_v4() ? family_inet : family_inet6, error, reported ? &queued.reporter : nullptr));
    return copied;
}

}  // namespace spore::linux
