// MSG_ERRQUEUE: what went wrong with datagrams that were sent, one at a time, with the address that each was sent to and what is known of its bytes [ip(7)].
#include "kernel/linux/errno.hpp"
#include "kernel/linux/socket/inet/datagram_socket.hpp"
#include "kernel/linux/uapi/inet.hpp"

namespace spore::linux {

namespace {

/// The body of a control message: the error, and who reported it.
template <typename Address>
struct Told {
    ExtendedError error;
    Address offender;
};

}  // namespace

Result<u64> DatagramSocket::receive_error(ReceiveRequest& request) {
    BufferSink sink(request.data);
    u64 copied = 0;
    auto queued = TRY(endpoint_->receive_error(sink, request.data.remaining(), copied));
    request.from = name_of({queued.destination, queued.port, 0});
    request.result_flags |= msg_errqueue;
    if (!request.control) return copied;
    ExtendedError error{.number = static_cast<u32>(errno_of(queued.error)), .origin = static_cast<u8>(queued.origin), .type = queued.type, .code = queued.code,
                        .padding = 0, .info = queued.info, .data = 0};
    bool reported = queued.origin != net::datagram::QueuedError::Origin::local;
    auto put = [&]<typename Address>(u16 family, i32 level, i32 type, Told<Address> told) {
        if (reported) {
            auto offender = inet::to_socket_address({queued.reporter}, family);
            std::memcpy(&told.offender, offender.bytes, sizeof told.offender);
        }
        return request.control->put(level, type, bytes_of(told), request.result_flags);
    };
    if (queued.destination.is_v4()) TRY(put(family_inet, level_ip, ip_receive_errors, Told<InetAddress>{error, {}}));
    else TRY(put(family_inet6, level_ipv6, ipv6_receive_errors, Told<Inet6Address>{error, {}}));
    return copied;
}

}  // namespace spore::linux
