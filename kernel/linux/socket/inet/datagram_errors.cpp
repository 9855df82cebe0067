// MSG_ERRQUEUE: what went wrong with datagrams that were sent, one at a time, with the address that each was sent to and what is known of its bytes [ip(7)].
#include "kernel/linux/errno.hpp"
#include "kernel/linux/socket/inet/datagram_socket.hpp"
#include "kernel/linux/socket/inet/extended_error.hpp"

namespace spore::linux {

Result<u64> DatagramSocket::receive_error(ReceiveRequest& request) {
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
