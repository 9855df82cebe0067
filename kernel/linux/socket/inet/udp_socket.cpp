// UDP sockets. Control messages are in udp_control.cpp, options in udp_options.cpp.
#include "kernel/linux/socket/inet/udp_socket.hpp"

#include "arch/user_memory.hpp"
#include "kernel/linux/errno.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/uapi/inet.hpp"

namespace spore::linux {

namespace udp = net::udp;
using fs::Ready;

UdpSocket::UdpSocket(u16 family, fs::OpenMode mode) : InetSocket(family, socket_datagram, protocol_udp, mode) {}

Result<Shared<Socket>> UdpSocket::create(u16 family, fs::OpenMode mode) {
    auto socket = TRY(make_shared<UdpSocket>(family, mode));
    socket->endpoint_ = TRY(udp::Socket::create(socket.get()));
    socket->endpoint_->set_owner(socket->number(), current_task().process().credentials().effective_uid);
    return Shared<Socket>(std::move(socket));
}

UdpSocket::~UdpSocket() {
    if (!endpoint_) return;
    endpoint_->set_listener(nullptr);
    endpoint_->close();
}

Result<void> UdpSocket::bind(const SocketAddress& address) {
    auto endpoint = TRY(local_endpoint(address));
    if (bound()) return fail(Error::invalid);
    return endpoint_->bind(TRY(net::Binding::create(net::Transport::udp, endpoint, bind_options())));
}

Result<void> UdpSocket::connect(const SocketAddress& address) {
    if (address.size < sizeof(u16)) return fail(Error::invalid);
    if (address.family() == family_unspecified) {
        endpoint_->disconnect();
        return {};
    }
    return endpoint_->connect(TRY(remote_endpoint(address)));
}

Result<u64> UdpSocket::send(SendRequest& request) {
    constexpr u32 most = 65'535;
    if (request.flags & msg_oob) return fail(Error::not_supported);
    // A datagram in several pieces (MSG_MORE) is not supported; sent at once, it would be several datagrams.
    if (request.flags & msg_more) return fail(Error::not_supported);
    net::Endpoint to;
    auto target = TRY(read_target(request));
    if (request.to) {
        // An IPv6 socket may name an IPv4 address in its own form [linux: udpv6_sendmsg].
        bool plain_v4 = is_v6() && request.to->family() == family_inet && !has(v6_only);
        to = plain_v4 ? TRY(inet::to_endpoint(*request.to, family_inet)) : TRY(remote_endpoint(*request.to));
        if (to.port == 0) return fail(Error::invalid);
        target.to = &to;
    }
    u64 size = request.data.remaining();
    if (size > most) return fail(Error::message_too_long);
    BufferSource source(request.data);
    return wait_for(Ready::out, send_deadline(request.flags), [&] { return endpoint_->send(source, size, target); });
}

Result<u64> UdpSocket::receive(ReceiveRequest& request) {
    if (request.flags & msg_oob) return fail(Error::not_supported);
    if (request.flags & msg_errqueue) return fail(Error::would_block);
    BufferSink sink(request.data);
    u64 room = request.data.remaining();
    auto peek = request.flags & msg_peek ? udp::Socket::Peek::yes : udp::Socket::Peek::no;
    // Without a port nothing can come [linux: waits all the same].
    auto received = TRY(wait_for(Ready::in, receive_deadline(request.flags), [&] { return endpoint_->receive(sink, room, peek); }));
    request.from = name_of(received.from);
    if (received.size > room) request.result_flags |= msg_trunc;
    if (request.control) TRY(give_control(request, received));
    return request.flags & msg_trunc ? received.size : std::min<u64>(received.size, room);
}

Result<void> UdpSocket::shutdown(Shut how) {
    if (!endpoint_->remote()) return fail(Error::not_connected);
    if (how != Shut::writing) endpoint_->shut_reading();
    if (how != Shut::reading) endpoint_->shut_writing();
    source_.notify(Ready::in | Ready::out | Ready::read_hang_up | Ready::hang_up);
    return {};
}

Result<SocketAddress> UdpSocket::name() {
    auto local = endpoint_->local();
    if (local.address.is_unspecified()) local.address = inet::unspecified(family());
    return name_of(local);
}
Result<SocketAddress> UdpSocket::peer_name() { return name_of(TRY(endpoint_->remote())); }

i32 UdpSocket::take_error() {
    auto error = endpoint_->take_error();
    return error ? 0 : static_cast<i32>(errno_of(error.error()));
}

Result<u64> UdpSocket::ioctl(u32 request, u64 argument) {
    enum Request : u32 { bytes_to_read = 0x541b, bytes_to_write = 0x5411 };  // SIOCINQ, SIOCOUTQ
    if (request != bytes_to_read && request != bytes_to_write) return InetSocket::ioctl(request, argument);
    // What is sent waits in no queue of the socket's.
    i32 told = request == bytes_to_read ? static_cast<i32>(endpoint_->receivable()) : 0;
    TRY(arch::copy_to_program(VirtAddr{argument}, &told, sizeof told));
    return 0;
}

}  // namespace spore::linux
