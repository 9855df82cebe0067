#include "kernel/linux/socket/netlink/netlink_socket.hpp"

#include "kernel/linux/errno.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/socket/family.hpp"
#include "kernel/linux/socket/filtered_bytes.hpp"
#include "kernel/linux/socket/inet/interface_ioctl.hpp"
#include "kernel/linux/socket/wait.hpp"

namespace spore::linux {

using fs::Ready;
using namespace netlink;

namespace {

/// Answers that a program does not read are not kept without end.
constexpr u32 most_waiting = 256;
constexpr u64 largest_request = 16_KiB;
constinit std::atomic<u32> next_port = 0x8000'0000;

constexpr SocketFamily family{family_netlink, &NetlinkSocket::create};

SocketAddress to_address(u32 port, u32 groups) {
    NetlinkAddress netlink{.family = family_netlink, .padding = 0, .port = port, .groups = groups};
    SocketAddress address;
    std::memcpy(address.bytes, &netlink, sizeof netlink);
    address.size = sizeof netlink;
    return address;
}

Result<NetlinkAddress> from_address(const SocketAddress& address) {
    NetlinkAddress netlink;
    if (address.size < sizeof netlink || address.family() != family_netlink) return fail(Error::invalid);
    std::memcpy(&netlink, address.bytes, sizeof netlink);
    return netlink;
}

}  // namespace

void register_netlink_family() { register_family(family); }

ByteSpan Request::attribute(u64 fixed, u16 type) const {
    auto rest = body.subspan(std::min<u64>(body.size(), aligned(fixed)));
    while (rest.size() >= sizeof(RouteAttribute)) {
        RouteAttribute head;
        std::memcpy(&head, rest.data(), sizeof head);
        if (head.size < sizeof head || head.size > rest.size()) break;
        constexpr u16 type_mask = 0x3fff;  // above: nested, byte order
        if ((head.type & type_mask) == type) return rest.subspan(sizeof head, head.size - sizeof head);
        rest = rest.subspan(std::min<u64>(rest.size(), aligned(head.size)));
    }
    return {};
}

Result<Shared<Socket>> NetlinkSocket::create(u16 type, i32 protocol, fs::OpenMode mode) {
    if (type != socket_raw && type != socket_datagram) return fail(Error::socket_type_not_supported);
    if (protocol != netlink_route && protocol != netlink_sockets) return fail(Error::protocol_not_supported);
    return Shared<Socket>(TRY(make_shared<NetlinkSocket>(type, static_cast<u16>(protocol), mode)));
}

/// The first socket of a process has the process's number, as programs of old expect.
void NetlinkSocket::ensure_port() {
    if (port_ == 0) port_ = next_port.fetch_add(1, std::memory_order_relaxed);
}

Result<void> NetlinkSocket::bind(const SocketAddress& address) {
    auto wanted = TRY(from_address(address));
    Guard guard(mutex_);
    if (port_ && wanted.port != port_) return fail(Error::invalid);
    groups_ = wanted.groups;
    port_ = wanted.port;
    ensure_port();
    return {};
}

Result<void> NetlinkSocket::connect(const SocketAddress& address) {
    if (address.family() == family_unspecified) return {};
    auto wanted = TRY(from_address(address));
    if (wanted.port != 0) return fail(Error::connection_refused);  // only the kernel answers here
    Guard guard(mutex_);
    ensure_port();
    return {};
}

Result<SocketAddress> NetlinkSocket::name() {
    Guard guard(mutex_);
    return to_address(port_, groups_);
}
Result<SocketAddress> NetlinkSocket::peer_name() { return to_address(0, 0); }

Result<void> NetlinkSocket::answer(const Request& request, Answers& answers) const {
    if (protocol() == netlink_sockets) {
        if (request.header.type == sockets_by_family) return answer_sockets(request, answers);
        return fail(request.header.type == destroy_socket ? Error::not_supported : Error::invalid);
    }
    switch (request.header.type) {
    case get_link: return answer_links(request, answers);
    case get_address: return answer_addresses(request, answers);
    case get_route: return answer_routes(request, answers);
    case get_neighbour: return answer_neighbours(request, answers);
    case get_rule: return answer_rules(request, answers);
    default: break;
    }
    if (request.header.type < new_link || request.header.type > last_route_type) return fail(Error::not_supported);
    // The types come in groups of four: new, delete, get, set.
    return fail((request.header.type & 3) == 2 ? Error::not_supported : Error::not_permitted);
}

Result<void> NetlinkSocket::handle(const Request& request, Answers& answers) {
    auto result = answer(request, answers);
    if (!result && result.error() == Error::no_memory) return result;
    if (result && request.dump()) {
        Message done(netlink_done, netlink_multi, request.header, request.port);
        done.put(i32{0});
        return answers.add(done.finish());
    }
    if (result && !(request.header.flags & netlink_acknowledge)) return {};
    Message told(netlink_error, 0, request.header, request.port);
    told.put(result ? i32{0} : -static_cast<i32>(errno_of(result.error())));
    told.put(request.header);
    return answers.add(told.finish());
}

Result<u64> NetlinkSocket::send(SendRequest& request) {
    if (request.flags & msg_oob) return fail(Error::not_supported);
    if (request.to && TRY(from_address(*request.to)).port != 0) return fail(Error::connection_refused);
    u64 size = request.data.remaining();
    if (size > largest_request) return fail(Error::message_too_long);
    auto bytes = TRY(HeapArray<std::byte>::create(size ? size : 1));
    TRY(request.data.take(bytes.span().first(size)));

    Guard guard(mutex_);
    ensure_port();
    if (waiting_count_.load(std::memory_order_relaxed) >= most_waiting) return fail(Error::no_buffers);
    Answers answers;
    ByteSpan rest = ByteSpan(bytes.span()).first(size);
    while (rest.size() >= sizeof(NetlinkHeader)) {
        NetlinkHeader header;
        std::memcpy(&header, rest.data(), sizeof header);
        if (header.size < sizeof header || header.size > rest.size()) break;
        if ((header.flags & netlink_request) && header.type >= new_link)
            TRY(handle({.header = header, .body = rest.subspan(sizeof header, header.size - sizeof header), .port = port_}, answers));
        rest = rest.subspan(std::min<u64>(rest.size(), aligned(header.size)));
    }
    u32 count = 0;
    while (auto* answer = answers.list.pop_front()) {
        Owned<Datagram> one(answer);
        if (passes_filter(*one)) waiting_.list.push_back(*one.release()), ++count;
    }
    waiting_count_.fetch_add(count, std::memory_order_release);
    if (count) source_.notify(Ready::in);
    return size;
}

/// What the socket's filter says of it, which may leave a part [linux: netlink_dump, netlink_unicast].
bool NetlinkSocket::passes_filter(Datagram& datagram) const {
    auto filter = options().filter;
    if (!filter) return true;
    u32 most = filter->run(FilteredBytes(ByteSpan(datagram.bytes.span()).first(datagram.size)));
    datagram.size = std::min(datagram.size, most);
    return most != 0;
}

void NetlinkSocket::put(Owned<Datagram> datagram) {
    Guard guard(mutex_);
    if (waiting_count_.load(std::memory_order_relaxed) >= most_waiting || !passes_filter(*datagram)) return;
    waiting_.list.push_back(*datagram.release());
    waiting_count_.fetch_add(1, std::memory_order_release);
    source_.notify(Ready::in);
}

Result<u64> NetlinkSocket::receive(ReceiveRequest& request) {
    if (request.flags & msg_errqueue) return fail(Error::would_block);
    return wait_at_socket(source_, Ready::in, receive_deadline(request.flags), [&]() -> Result<u64> {
        Guard guard(mutex_);
        auto* first = waiting_.list.first();
        if (!first) return fail(Error::would_block);
        u64 part = std::min<u64>(first->size, request.data.remaining());
        TRY(request.data.put(ByteSpan(first->bytes.span()).first(part)));
        request.from = to_address(0, 0);
        if (part < first->size) request.result_flags |= msg_trunc;
        u64 told = request.flags & msg_trunc ? first->size : part;
        if (!(request.flags & msg_peek)) {
            waiting_.list.remove(*first);
            delete first;
            waiting_count_.fetch_sub(1, std::memory_order_relaxed);
        }
        return told;
    });
}

Ready NetlinkSocket::ready() { return waiting_count_.load(std::memory_order_acquire) ? Ready::in | Ready::out : Ready::out; }

Result<u64> NetlinkSocket::get_option(i32 level, i32 name, MutableByteSpan value) {
    if (level == level_netlink) return fail(Error::no_protocol_option);
    return Socket::get_option(level, name, value);
}

Result<void> NetlinkSocket::set_option(i32 level, i32 name, ByteSpan value) {
    if (level != level_netlink) return Socket::set_option(level, name, value);
    enum Option : i32 { add_membership = 1, drop_membership = 2, broadcast_error = 4, no_buffer_error = 5, short_acknowledge = 10, extended_acknowledge = 11 };
    switch (name) {
    // Groups of announcements may be joined; nothing changes here that they would tell of. Errors carry no more than their number.
    case add_membership: case drop_membership: case broadcast_error: case no_buffer_error: case short_acknowledge: case extended_acknowledge: return {};
    default: return fail(Error::no_protocol_option);
    }
}

Result<u64> NetlinkSocket::ioctl(u32 request, u64 argument) { return interface_ioctl(request, argument, family_netlink); }

}  // namespace spore::linux
