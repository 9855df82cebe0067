#include "kernel/net/datagram/table.hpp"

#include "kernel/net/datagram/datagram_socket.hpp"
#include "wire/net/ethernet.hpp"

namespace spore::net::datagram {

void Table::insert(DatagramSocket& socket) {
    bucket_of(socket.number()).with([&](Bucket& bucket) {
        socket.next_in_bucket = bucket.first;
        bucket.first = &socket;
    });
}

void Table::remove(DatagramSocket& socket) {
    bucket_of(socket.number()).with([&](Bucket& bucket) {
        auto** at = &bucket.first;
        while (*at && *at != &socket) at = &(*at)->next_in_bucket;
        if (*at) *at = socket.next_in_bucket;
    });
}

Shared<DatagramSocket> Table::best(const Arrival& arrival, u16 source_port, u16 number, u32 hash, const device::Packet& packet, u32 header) {
    Shared<const Filter> chooser;  // goes without the lock
    return bucket_of(number).with([&](Bucket& bucket) -> Shared<DatagramSocket> {
        DatagramSocket* found = nullptr;
        int top = -1;
        u32 equals = 0;
        for (auto* socket = bucket.first; socket; socket = socket->next_in_bucket) {
            if (socket->number() != number) continue;
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
        if (equals > 1 && found->sharers() && (chooser = found->sharers()->chooser())) [[unlikely]] {
            u32 place = chooser->run(FilteredPacket(packet, {.shown = header, .network = packet.layer_offset(device::Layer::network), .interface = &arrival.interface,
                                                             .protocol = arrival.source.is_v4() ? wire::ethernet::type_ipv4 : wire::ethernet::type_ipv6}));
            for (auto* socket = bucket.first; socket; socket = socket->next_in_bucket)
                if (socket->number() == number && socket->sharers() == found->sharers() && socket->place() == place && socket->score(arrival, source_port) == top)
                    return socket->try_retain() ? Shared<DatagramSocket>::adopt(socket) : nullptr;
        }
        return found && found->try_retain() ? Shared<DatagramSocket>::adopt(found) : nullptr;
    });
}

bool Table::deliver_to_all(const device::Packet& packet, const Arrival& arrival, u16 source_port, u16 number, u32 header) {
    return bucket_of(number).with([&](Bucket& bucket) {
        bool delivered = false;
        for (auto* socket = bucket.first; socket; socket = socket->next_in_bucket) {
            if (socket->number() != number || socket->score(arrival, source_port) < 0 || !socket->wants(packet, arrival)) continue;
            delivered = true;
            auto copy = packet.clone();
            if (!copy) {
                count_drop(Drop::no_memory);
                continue;
            }
            (*copy)->pop(header);
            socket->deliver(std::move(*copy), arrival, source_port);
        }
        return delivered;
    });
}

void Table::path_error(const PathError& error, u16 number, u16 remote_port) {
    bool ours = bucket_of(number).with([&](Bucket& bucket) {
        bool any = false;
        for (auto* socket = bucket.first; socket; socket = socket->next_in_bucket)
            if (socket->number() == number && socket->sent(error, remote_port)) any = true, socket->hear(error, remote_port);
        return any;
    });
    if (ours && error.kind == PathError::Kind::too_big) accept_path_mtu(error);
}

void Table::for_each(SummaryVisitor visitor, void* context) {
    for (auto& bucket : buckets_)
        bucket.with([&](Bucket& it) {
            for (auto* socket = it.first; socket; socket = socket->next_in_bucket) visitor(context, socket->summary());
        });
}

}  // namespace spore::net::datagram
