// Sockets of datagrams. Control messages are in datagram_control.cpp, errors in datagram_errors.cpp, options in datagram_options.cpp.
#include "kernel/linux/socket/inet/datagram_socket.hpp"

#include "arch/user_memory.hpp"
#include "kernel/linux/errno.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/uapi/inet.hpp"
#include "kernel/net/ping/ping.hpp"
#include "kernel/net/raw/raw.hpp"
#include "kernel/net/udp/udp.hpp"

namespace spore::linux {

namespace datagram = net::datagram;
using fs::Ready;

namespace {

/// What the family, type and protocol name, as the stack knows it; the protocol that getsockopt tells.
Result<Shared<datagram::Socket>> make_endpoint(bool v6, u16 type, i32 protocol, net::EndpointListener* listener) {
    if (type == socket_raw) {
        if (!current_task().process().credentials().may(Capability::net_raw)) return fail(Error::not_permitted);
        return net::raw::create(v6 ? net::raw::Version::v6 : net::raw::Version::v4, static_cast<u8>(protocol), listener);
    }
    if (protocol == protocol_udp) return net::udp::create(listener);
    return net::ping::create(v6 ? net::ping::Version::v6 : net::ping::Version::v4, listener);
}

}  // namespace

Result<Shared<Socket>> DatagramSocket::create(u16 family, u16 type, i32 protocol, fs::OpenMode mode) {
    bool v6 = family == family_inet6;
    if (type != socket_datagram && type != socket_raw) return fail(Error::socket_type_not_supported);
    if (type == socket_datagram && protocol == protocol_ip) protocol = protocol_udp;
    bool known = type == socket_raw ? protocol != protocol_ip : protocol == protocol_udp || protocol == (v6 ? protocol_icmpv6 : protocol_icmp);
    if (!known) return fail(Error::protocol_not_supported);
    auto socket = TRY(make_shared<DatagramSocket>(family, type, static_cast<u16>(protocol), mode));
    socket->endpoint_ = TRY(make_endpoint(v6, type, protocol, socket.get()));
    socket->endpoint_->set_owner(socket->number(), current_task().process().credentials().effective_uid);
    return Shared<Socket>(std::move(socket));
}

DatagramSocket::~DatagramSocket() {
    if (!endpoint_) return;
    endpoint_->set_listener(nullptr);
    endpoint_->close();
}

Result<void> DatagramSocket::bind(const SocketAddress& address) {
    auto endpoint = TRY(local_endpoint(address));
    auto options = bind_options();
    if (is_raw()) endpoint.port = protocol();
    else if (bound()) return fail(Error::invalid);
    if (!is_udp() && is_v6()) {
        if (endpoint.address.is_v4()) return fail(Error::address_not_available);
        options.only_v6 = true;
    }
    return endpoint_->bind(TRY(net::Binding::create(endpoint_->transport(), endpoint, options)));
}

Result<void> DatagramSocket::connect(const SocketAddress& address) {
    if (address.size < sizeof(u16)) return fail(Error::invalid);
    if (address.family() == family_unspecified) {
        endpoint_->disconnect();
        return {};
    }
    return endpoint_->connect(TRY(peer_endpoint(address)));
}

/// The destination that a program names. An IPv6 socket of UDP may be told an IPv4 address in its own form [linux: udpv6_sendmsg, ip6_datagram_connect],
/// and one of IPv4 an address without a family [linux: udp_sendmsg].
Result<net::Endpoint> DatagramSocket::peer_endpoint(const SocketAddress& address) const {
    if (is_udp() && is_v6() && address.family() == family_inet && !has(v6_only)) return remote_endpoint(address, family_inet);
    return remote_endpoint(address);
}

Result<u64> DatagramSocket::send(SendRequest& request) {
    constexpr u32 most = 65'535;
    if (request.flags & msg_oob) return fail(Error::not_supported);
    // Raw datagrams in several pieces are not supported; sent at once, they would be several datagrams.
    if (request.flags & msg_more && !is_udp()) return fail(Error::not_supported);
    net::Endpoint to;
    auto target = TRY(read_target(request));
    if (request.to) {
        auto named = *request.to;
        constexpr u16 inet = family_inet;
        if (is_udp() && !is_v6() && named.size >= sizeof inet && named.family() == family_unspecified) std::memcpy(named.bytes, &inet, sizeof inet);
        to = TRY(peer_endpoint(named));
        if (is_udp() && to.port == 0) return fail(Error::invalid);
        if (!is_udp() && is_v6() && to.address.is_v4()) return fail(Error::invalid);
        target.to = &to;
    }
    u64 size = request.data.remaining();
    if (request.flags & msg_more || gathers_.load(std::memory_order_relaxed)) {
        TRY(gather(request, target));
        return size;
    }
    if (size > most) return fail(Error::message_too_long);
    BufferSource source(request.data);
    u64 sent = TRY(wait_for(Ready::out, send_deadline(request.flags), [&] { return endpoint_->send(source, size, target); }));
    if (request.flags & msg_zerocopy && is_on(so_zerocopy)) note_copied_send();
    return sent;
}

/// A piece of a datagram is kept, and the last one sends them all. When something fails, all are dropped [linux] udp_flush_pending_frames.
Result<void> DatagramSocket::gather(SendRequest& request, const net::datagram::Target& target) {
    Owned<GatheredDatagram> whole;
    {
        Guard guard(gathering_);
        if (!gathered_) {
            if (!target.to && !endpoint_->remote()) return fail(Error::destination_required);
            gathered_ = TRY(make_owned<GatheredDatagram>(target));
        }
        auto appended = gathered_->append(request.data);
        if (!appended || !(corked_ || request.flags & msg_more)) whole = std::move(gathered_);
        gathers_.store(corked_ || gathered_, std::memory_order_relaxed);
        TRY(appended);
    }
    return whole ? send_gathered(*whole, request.flags) : Result<void>{};
}

Result<void> DatagramSocket::send_gathered(GatheredDatagram& whole, u32 flags) {
    TRY(wait_for(Ready::out, send_deadline(flags), [&] {
        whole.rewind();
        return endpoint_->send(whole, whole.size(), whole.target());
    }));
    return {};
}

/// UDP_CORK. Without it, what has been gathered goes.
Result<void> DatagramSocket::set_corked(bool corked) {
    Owned<GatheredDatagram> whole;
    {
        Guard guard(gathering_);
        corked_ = corked;
        if (!corked) whole = std::move(gathered_);
        gathers_.store(corked, std::memory_order_relaxed);
    }
    return whole ? send_gathered(*whole, 0) : Result<void>{};
}

bool DatagramSocket::corked() {
    Guard guard(gathering_);
    return corked_;
}

Ready DatagramSocket::ready() {
    bool copied = copied_.load(std::memory_order_acquire) != copied_told_.load(std::memory_order_relaxed);
    return static_cast<Ready>(endpoint_->ready()) | (copied ? Ready::error : Ready::none);
}

Result<u64> DatagramSocket::receive(ReceiveRequest& request) {
    if ((request.flags & msg_oob) && !is_udp()) return fail(Error::not_supported);
    if (request.flags & msg_errqueue) return receive_error(request);
    BufferSink sink(request.data);
    u64 room = request.data.remaining();
    bool peeks = request.flags & msg_peek;
    auto peek = peeks ? datagram::Socket::Peek::yes : datagram::Socket::Peek::no;
    // Without a port nothing can come [linux: waits all the same].
    auto received = TRY(wait_for(Ready::in, receive_deadline(request.flags), [&] {
        // An echo socket keeps the number, and pays no heed to it [linux] ping_recvmsg.
        return endpoint_->receive(sink, room, peek, is_udp() ? peek_offset(peeks) : std::nullopt);
    }));
    request.from = name_of(received.from);
    u64 left = received.size - received.left_out, told = request.flags & msg_trunc ? received.size : std::min<u64>(left, room);
    if (room <= left && room < received.size) request.result_flags |= msg_trunc;  // also of all that was left behind an offset [linux] udp_recvmsg
    if (is_udp()) move_peek_offset(peeks, told);
    if (request.control) TRY(give_control(request, received));
    return told;
}

Result<void> DatagramSocket::shutdown(Shut how) {
    // Without a peer that is an error, and done all the same: whoever waits is woken by it [linux: inet_shutdown].
    bool connected = endpoint_->remote().has_value();
    if (how != Shut::writing) endpoint_->shut_reading();
    if (how != Shut::reading) endpoint_->shut_writing();
    source_.notify(Ready::in | Ready::out | Ready::read_hang_up | Ready::hang_up);
    if (!connected) return fail(Error::not_connected);
    return {};
}

Result<SocketAddress> DatagramSocket::name() {
    auto local = endpoint_->local();
    if (local.address.is_unspecified()) local.address = inet::unspecified(family());
    return name_of(local);
}
Result<SocketAddress> DatagramSocket::peer_name() { return name_of(TRY(endpoint_->remote())); }

i32 DatagramSocket::take_error() {
    auto error = endpoint_->take_error();
    return error ? 0 : static_cast<i32>(errno_of(error.error()));
}

Result<u64> DatagramSocket::ioctl(u32 request, u64 argument) {
    enum Request : u32 { bytes_to_read = 0x541b, bytes_to_write = 0x5411 };  // SIOCINQ, SIOCOUTQ
    if (request != bytes_to_read && request != bytes_to_write) return InetSocket::ioctl(request, argument);
    // What is sent waits in no queue of the socket's.
    i32 told = request == bytes_to_read ? static_cast<i32>(endpoint_->receivable()) : 0;
    TRY(arch::copy_to_program(VirtAddr{argument}, &told, sizeof told));
    return 0;
}

}  // namespace spore::linux
