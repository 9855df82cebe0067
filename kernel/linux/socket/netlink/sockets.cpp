// NETLINK_SOCK_DIAG: which TCP, UDP and raw sockets there are, as ss(8) asks [sock_diag(7)]. Unix and packet sockets are told of in /proc only.
#include "kernel/linux/errno.hpp"
#include "kernel/linux/socket/inet/tcp_state.hpp"
#include "kernel/linux/socket/netlink/message.hpp"
#include "kernel/linux/uapi/socket.hpp"
#include "kernel/net/raw/raw.hpp"
#include "kernel/net/udp/udp.hpp"

namespace spore::linux::netlink {

namespace {

constexpr u16 request_filter = 1;  // INET_DIAG_REQ_BYTECODE
enum Protocol : u8 { tcp = 6, udp = 17, raw = 255 };
constexpr u8 established = 1, closed = 7;

SocketIdentity identity_of(const net::Endpoint& local, const net::Endpoint& remote, u64 inode) {
    SocketIdentity identity{};
    identity.source_port = __builtin_bswap16(local.port), identity.destination_port = __builtin_bswap16(remote.port);
    auto put = [](std::byte (&into)[16], const net::IpAddress& address) {
        auto bytes = address.wire_bytes();
        std::memcpy(into, bytes.data(), bytes.size());
    };
    put(identity.source, local.address), put(identity.destination, remote.address);
    identity.cookie[0] = static_cast<u32>(inode), identity.cookie[1] = static_cast<u32>(inode >> 32);
    return identity;
}

bool same(const SocketIdentity& wanted, const SocketIdentity& found) {
    return wanted.source_port == found.source_port && wanted.destination_port == found.destination_port &&
           std::memcmp(wanted.source, found.source, sizeof found.source) == 0 && std::memcmp(wanted.destination, found.destination, sizeof found.destination) == 0 &&
           (wanted.cookie[0] == SocketIdentity::no_cookie || std::memcmp(wanted.cookie, found.cookie, sizeof found.cookie) == 0);
}

/// What passes the request's conditions, as messages.
class Found {
public:
    Found(const Request& request, const SocketRequest& wanted, Answers& answers) : request_(request), wanted_(wanted), answers_(answers) {}

    void add(const net::Endpoint& local, const net::Endpoint& remote, SocketMessage message) {
        message.family = local.address.is_v4() ? family_inet : family_inet6;
        message.identity = identity_of(local, remote, message.inode);
        if (!result_ || message.family != wanted_.family || !(wanted_.states >> message.state & 1)) return;
        if (!request_.dump() && (count_ || !same(wanted_.identity, message.identity))) return;
        auto answer = request_.answer(sockets_by_family);
        answer.put(message);
        result_ = answers_.add(answer.finish());
        ++count_;
    }
    Result<void> result() const {
        if (!result_) return result_;
        if (!count_ && !request_.dump()) return fail(Error::not_found);
        return {};
    }

private:
    const Request& request_;
    const SocketRequest& wanted_;
    Answers& answers_;
    u32 count_ = 0;
    Result<void> result_;
};

void add_datagram_socket(void* context, const net::datagram::Summary& s) {
    static_cast<Found*>(context)->add(s.local, s.remote, {.state = s.connected ? established : closed, .receive_queue = s.receive_queue, .send_queue = s.send_queue,
                                                          .user = s.user, .inode = static_cast<u32>(s.inode)});
}

}  // namespace

Result<void> answer_sockets(const Request& request, Answers& answers) {
    if (request.family() != family_inet && request.family() != family_inet6) return fail(Error::not_found);
    SocketRequest wanted;
    if (request.body.size() < sizeof wanted) return fail(Error::invalid);
    std::memcpy(&wanted, request.body.data(), sizeof wanted);
    // Who asks for a filter would take what it does not hold back for what it lets pass.
    if (!request.attribute(sizeof wanted, request_filter).empty()) return fail(Error::not_supported);
    Found found(request, wanted, answers);
    switch (wanted.protocol) {
    case tcp:
        net::tcp::for_each([](void* context, const net::tcp::Summary& s) {
            static_cast<Found*>(context)->add(s.local, s.remote, {.state = tcp_state_number(s.state), .retransmits = static_cast<u8>(s.retransmits), .receive_queue = s.receive_queue,
                                                                  .send_queue = s.send_queue, .user = s.user, .inode = static_cast<u32>(s.inode)});
        }, &found);
        break;
    case udp: net::udp::for_each(add_datagram_socket, &found); break;
    case raw: net::raw::for_each(add_datagram_socket, &found); break;
    default: return fail(Error::not_found);
    }
    return found.result();
}

}  // namespace spore::linux::netlink
