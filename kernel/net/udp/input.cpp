// From the wire to sockets: the table of sockets by port, and who gets a datagram.
#include <array>

#include "base/locked.hpp"
#include "kernel/net/udp/own_port.hpp"
#include "kernel/net/udp/udp_socket.hpp"
#include "wire/net/checksum.hpp"
#include "wire/net/udp.hpp"

namespace spore::net::udp {

using wire::udp::Header;

namespace {

constexpr u32 bucket_count = 256;
struct Bucket {
    UdpSocket* first = nullptr;
};
constinit std::array<Locked<Bucket, sync::Spin>, bucket_count> buckets;
auto& bucket_of(u16 port) { return buckets[port % bucket_count]; }

/// The socket that fits best. Of several that share the port, one by the flow's hash, so that a flow stays with its socket.
Shared<UdpSocket> best(const Arrival& arrival, u16 source_port, u16 port, u32 hash) {
    return bucket_of(port).with([&](Bucket& bucket) -> Shared<UdpSocket> {
        UdpSocket* found = nullptr;
        int top = -1;
        u32 equals = 0;
        for (auto* socket = bucket.first; socket; socket = socket->next_in_bucket) {
            if (socket->port() != port) continue;
            int score = socket->score(arrival, source_port);
            if (score < 0 || score < top) continue;
            if (score > top) {
                found = socket;
                top = score;
                equals = 1;
            } else if (socket->shares_port()) {
                // Each of n equals is chosen with probability 1/n, always the same one for a hash.
                hash = hash * 1664525 + 1013904223;
                if ((u64{hash} * ++equals >> 32) == 0) found = socket;
            }
        }
        return found && found->try_retain() ? Shared<UdpSocket>::adopt(found) : nullptr;
    });
}

/// Broadcasts and multicasts go to everybody who takes them. The head is at the UDP header.
void deliver_to_all(Owned<device::Packet> packet, const Arrival& arrival, u16 source_port, u16 port) {
    bool delivered = false;
    bucket_of(port).with([&](Bucket& bucket) {
        for (auto* socket = bucket.first; socket; socket = socket->next_in_bucket) {
            if (socket->port() != port || socket->score(arrival, source_port) < 0) continue;
            auto copy = packet->clone();
            if (!copy) {
                count_drop(Drop::no_memory);
                continue;
            }
            delivered = true;
            (*copy)->pop(sizeof(Header));
            socket->deliver(std::move(*copy), arrival, source_port);
        }
    });
    if (!delivered && !deliver_to_own_port(*packet, arrival, port)) count_drop(Drop::no_port);
}

bool checksum_holds(const device::Packet& packet, const Arrival& arrival, const Header& header) {
    if (packet.checksum != device::Checksum::unknown) return true;
    if (header.checksum == 0) return arrival.source.is_v4();  // IPv6 wants one [RFC 8200 8.1]
    wire::InternetSum sum(pseudo_header_sum(arrival.source, arrival.destination, wire::udp::protocol, header.size));
    packet.for_each_piece(0, header.size, [&](ByteSpan bytes) { sum.add(bytes); });
    return sum.verifies();
}

Error error_for(PathError::Kind kind) {
    switch (kind) {
    case PathError::Kind::port_unreachable: return Error::connection_refused;
    case PathError::Kind::network_unreachable: return Error::network_unreachable;
    case PathError::Kind::too_big: return Error::message_too_long;
    case PathError::Kind::protocol_unreachable: return Error::no_protocol_option;
    case PathError::Kind::parameter_problem: return Error::protocol;
    default: return Error::host_unreachable;
    }
}

}  // namespace

void table::insert(UdpSocket& socket) {
    bucket_of(socket.port()).with([&](Bucket& bucket) {
        socket.next_in_bucket = bucket.first;
        bucket.first = &socket;
    });
}
void table::remove(UdpSocket& socket) {
    bucket_of(socket.port()).with([&](Bucket& bucket) {
        auto** at = &bucket.first;
        while (*at && *at != &socket) at = &(*at)->next_in_bucket;
        if (*at) *at = socket.next_in_bucket;
    });
}

int UdpSocket::score(const Arrival& arrival, u16 source_port) const {
    Guard guard(lock_);
    if (closed_) return -1;
    auto& bound = binding_->local().address;
    auto& options = binding_->options();
    int score = 0;
    if (options.interface) {
        if (options.interface != arrival.interface.index()) return -1;
        score += 4;
    }
    bool v4 = arrival.destination.is_v4();
    if (bound.is_unspecified()) {
        if (v4 ? !bound.is_v4() && options.only_v6 : bound.is_v4()) return -1;
    } else {
        if (bound != arrival.destination) return -1;
        score += 2;
    }
    if (connected_) {
        if (remote_.port != source_port || remote_.address != arrival.source) return -1;
        if (!arrival.broadcast && connected_from_ != arrival.destination) return -1;
        score += 8;
    }
    return score;
}

bool UdpSocket::talks_to(const Endpoint& remote) const {
    Guard guard(lock_);
    return connected_ && remote_.address == remote.address && remote_.port == remote.port;
}

void start() { connect_transport(wire::udp::protocol, {.input = input, .path_error = path_error}); }

void input(Owned<device::Packet> packet, const Arrival& arrival) {
    if (!packet->gather(sizeof(Header))) return count_drop(Drop::malformed);
    auto parsed = Header::parse(packet->head(), packet->size());
    if (!parsed) return count_drop(Drop::malformed);
    auto& header = **parsed;
    packet->truncate(header.size);
    if (!checksum_holds(*packet, arrival, header)) return count_drop(Drop::checksum);
    u16 source_port = header.source_port, port = header.destination_port;
    if (arrival.broadcast) return deliver_to_all(std::move(packet), arrival, source_port, port);
    u32 hash = packet->hash ? packet->hash : u32{source_port} * 2654435761u ^ static_cast<u32>(arrival.source.bytes()[15]) << 16;
    auto socket = best(arrival, source_port, port, hash);
    if (!socket) {
        if (!deliver_to_own_port(*packet, arrival, port)) answer_port_unreachable(std::move(packet), arrival);
        return;
    }
    packet->pop(sizeof(Header));
    socket->deliver(std::move(packet), arrival, source_port);
}

void path_error(const PathError& error) {
    auto* header = view_at<Header>(error.quoted, 0);
    if (!header) return;
    Endpoint remote{error.destination, header->destination_port, 0};
    u16 port = header->source_port;
    // Only who is connected to the very peer hears of it, as programs expect [RFC 1122 4.1.3.3]; a too large packet's size is the path's affair.
    Shared<UdpSocket> socket = bucket_of(port).with([&](Bucket& bucket) -> Shared<UdpSocket> {
        for (auto* it = bucket.first; it; it = it->next_in_bucket)
            if (it->port() == port && it->talks_to(remote) && it->try_retain()) return Shared<UdpSocket>::adopt(it);
        return nullptr;
    });
    if (socket) socket->fail_with(error_for(error.kind));
}

void for_each(SummaryVisitor visitor, void* context) {
    for (auto& bucket : buckets)
        bucket.with([&](Bucket& it) {
            for (auto* socket = it.first; socket; socket = socket->next_in_bucket) visitor(context, socket->summary());
        });
}

}  // namespace spore::net::udp
