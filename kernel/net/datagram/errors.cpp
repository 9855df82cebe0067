// What goes wrong with datagrams that were sent, and how the program hears of it: as the next call's error, and, when it asked for that (IP_RECVERR), from a
// queue that tells more [ip(7)].
#include "kernel/net/datagram/datagram_socket.hpp"

namespace spore::net::datagram {

namespace {

using Kind = PathError::Kind;

Error error_for(Kind kind) {
    switch (kind) {
    case Kind::port_unreachable: return Error::connection_refused;
    case Kind::network_unreachable: return Error::network_unreachable;
    case Kind::too_big: return Error::message_too_long;
    case Kind::protocol_unreachable: return Error::no_protocol_option;
    case Kind::parameter_problem: return Error::protocol;
    case Kind::prohibited: return Error::access_denied;
    default: return Error::host_unreachable;
    }
}

/// Those that may pass by themselves are told only to who asked [RFC 1122 4.1.3.3, 3.2.2.1].
bool may_pass(Kind kind) { return kind == Kind::network_unreachable || kind == Kind::host_unreachable || kind == Kind::time_exceeded; }

}  // namespace

Result<void> DatagramSocket::take_error() {
    Guard guard(lock_);
    if (error_) return {};
    auto error = std::exchange(error_, std::expected<void, Error>{});
    if (errors_.empty()) readiness_.change(Ready::none, Ready::error);
    update_readable();
    return error;
}

bool DatagramSocket::sent(const PathError& error, u16 remote_port) const {
    Guard guard(lock_);
    if (closed_) return false;
    if (connected_) return remote_.address == error.destination && (!has_ports() || remote_.port == remote_port);
    if (!options_.receive_errors || !binding_) return false;
    auto& bound = binding_->local().address;
    return bound.is_unspecified() ? !bound.is_v4() || error.source.is_v4() : bound == error.source;
}

/// Under the table's lock.
void DatagramSocket::hear(const PathError& error, u16 remote_port) {
    Guard guard(lock_);
    if (options_.receive_errors) {
        bool v4 = error.destination.is_v4();
        queue_error({.destination = error.destination, .reporter = error.reporter, .info = error.kind == Kind::too_big ? error.mtu : 0, .port = remote_port,
                     .error = error_for(error.kind), .origin = v4 ? QueuedError::Origin::icmp_v4 : QueuedError::Origin::icmp_v6, .type = error.type, .code = error.code},
                    error.quoted.subspan(std::min<std::size_t>(header_size(), error.quoted.size())));
    } else if (may_pass(error.kind) || (error.kind == Kind::too_big && !options_.stays_whole(error.destination.is_v4()))) {
        return;
    }
    error_ = std::unexpected(error_for(error.kind));
    readiness_.change(Ready::error | Ready::in | Ready::out);
}

void DatagramSocket::queue_too_big(const Path& path, const Endpoint& to) {
    Guard guard(lock_);
    if (!options_.receive_errors) return;
    queue_error({.destination = to.address, .info = path.mtu(), .port = to.port, .error = Error::message_too_long, .origin = QueuedError::Origin::local}, {});
    readiness_.change(Ready::error);
}

/// Under lock_. One that finds no room is told as the next call's error all the same.
void DatagramSocket::queue_error(const QueuedError& error, ByteSpan about) {
    if (errors_.count() >= max_errors) return count_drop(Drop::socket_full);
    auto made = device::Packet::create();
    if (!made) return count_drop(Drop::no_memory);
    auto size = static_cast<u32>(std::min<std::size_t>(about.size(), (*made)->tailroom()));
    if (size) std::memcpy((*made)->append(size).data(), about.data(), size);
    (*made)->note<QueuedError>() = error;
    errors_.push_back(std::move(*made));
}

Result<QueuedError> DatagramSocket::receive_error(ByteSink& into, u64 size, u64& copied_size) {
    Owned<device::Packet> first;
    {
        Guard guard(lock_);
        first = errors_.pop_front();
        if (!first) return fail(Error::would_block);
        auto* next = errors_.first();
        if (next) error_ = std::unexpected(next->note<QueuedError>().error);
        else error_ = {};
        if (!next) readiness_.change(Ready::none, Ready::error);
        update_readable();
    }
    auto error = first->note<QueuedError>();
    copied_size = std::min<u64>(size, first->size());
    TRY(into.put(first->head().first(copied_size)));
    return error;
}

}  // namespace spore::net::datagram
