// Datagrams wait as the packets they came in, headers taken off. One that stands for several (Segmentation::udp) is read piece by piece, unless the
// program asked for merged ones.
#include <algorithm>

#include "kernel/net/datagram/datagram_socket.hpp"
#include "kernel/time/timer.hpp"
#include "wire/net/ipv4.hpp"
#include "wire/net/ipv6.hpp"
#include "wire/net/udp.hpp"

namespace spore::net::datagram {

namespace {

/// How many bytes of the packet the next receive() gives.
u32 piece_of(const device::Packet& packet, bool merged) {
    if (packet.segmentation != device::Segmentation::udp || merged || packet.segment_size == 0) return packet.size();
    return std::min<u32>(packet.size(), packet.segment_size);
}

}  // namespace

/// The memory that a waiting packet holds, which is what the receive buffer limits.
u32 DatagramSocket::footprint(const device::Packet& packet) {
    return static_cast<u32>(sizeof packet + packet.slices().size() * page_size);
}

void DatagramSocket::deliver(Owned<device::Packet> packet, const Arrival& arrival, u16 source_port) {
    if (!filtered_.load(std::memory_order_relaxed)) [[likely]] return enqueue(std::move(packet), arrival, source_port);
    auto filter = options().filter;
    if (!filter) return enqueue(std::move(packet), arrival, source_port);
    deliver_filtered(*filter, std::move(packet), arrival, source_port);
}

/// Shows the datagram with the transport's header to the filter, and cuts off what that does not want; the header stays.
bool DatagramSocket::passes_filter(const Filter& filter, device::Packet& packet, const Arrival& arrival) const {
    enum Kind : u8 { own = 0, broadcast = 1, group = 2 };  // PACKET_*
    auto kind = !arrival.broadcast ? own : arrival.destination.is_multicast() ? group : broadcast;
    packet.push(header_size());
    u32 most = filter.run(FilteredPacket::from_ip(packet, &arrival.interface, arrival.destination.is_v4(), kind));
    packet.truncate(std::max(most, header_size()));
    packet.pop(header_size());
    return most != 0;
}

/// Leaves one of the datagrams that a packet stands for, with headers of its own in front.
void DatagramSocket::take_piece(device::Packet& packet, u32 at, u32 size) {
    using device::Layer;
    std::byte headers[device::Packet::head_capacity];
    u32 ip = static_cast<u32>(packet.layer_offset(Layer::transport) - packet.layer_offset(Layer::network)), all = ip + u32{sizeof(wire::udp::Header)};
    std::memcpy(headers, packet.layer(Layer::network), all);
    packet.drop_front(at);
    packet.truncate(size);
    std::memcpy(packet.push(all).data(), headers, all);
    packet.mark(Layer::network);
    auto* first = packet.head().data();
    if (static_cast<u8>(*first) >> 4 == 4) reinterpret_cast<wire::ipv4::Header*>(first)->total_size = static_cast<u16>(packet.size());
    else reinterpret_cast<wire::ipv6::Header*>(first)->payload_size = static_cast<u16>(packet.size() - sizeof(wire::ipv6::Header));
    packet.pop(ip);
    packet.mark(Layer::transport);
    reinterpret_cast<wire::udp::Header*>(packet.head().data())->size = static_cast<u16>(packet.size());
    packet.pop(sizeof(wire::udp::Header));
    packet.segmentation = device::Segmentation::none;
}

/// A packet that stands for several datagrams is shown as these, unless the program asked for merged ones.
void DatagramSocket::deliver_filtered(const Filter& filter, Owned<device::Packet> packet, const Arrival& arrival, u16 source_port) {
    u32 piece = piece_of(*packet, options().merge_received), size = packet->size();
    u32 dropped = 0;
    for (u32 at = 0; at == 0 || at < size; at += piece) {
        Owned<device::Packet> one;
        if (piece == size) {
            one = std::move(packet);
        } else {
            auto copy = packet->clone();
            if (!copy) return count_drop(Drop::no_memory);
            one = std::move(*copy);
            take_piece(*one, at, piece);
        }
        if (passes_filter(filter, *one, arrival)) enqueue(std::move(one), arrival, source_port);
        else ++dropped;
        if (piece == 0) break;
    }
    if (!dropped) return;
    count_drop(Drop::filtered);
    Guard guard(lock_);
    drops_ += dropped;
}

void DatagramSocket::enqueue(Owned<device::Packet> packet, const Arrival& arrival, u16 source_port) {
    packet->note<Waiting>() = {
        .from = arrival.source, .to = arrival.destination, .interface = arrival.interface.index(), .port = source_port,
        .hop_limit = arrival.hop_limit, .traffic_class = arrival.traffic_class, .drops = 0, .footprint = footprint(*packet) & 0x7fff'ffff, .peeked = 0,
    };
    u32 size = packet->note<Waiting>().footprint;
    Guard guard(lock_);
    if (options_.timestamps && packet->received_at == Instant{}) packet->received_at = time::now();
    // The first may be larger than the buffer, or nothing would ever come through a small one.
    bool full = received_footprint_ + size > options_.receive_buffer && !received_.empty();
    if (closed_ || shut_reading_ || full) {
        ++drops_;
        return count_drop(Drop::socket_full);
    }
    if (options_.tell_drops) packet->note<Waiting>().drops = static_cast<u32>(drops_);
    received_footprint_ += size;
    received_.push_back(std::move(packet));
    readiness_.change(Ready::in);
}

/// Under lock_, after the queue became shorter.
void DatagramSocket::update_readable() {
    if (received_.empty() && !shut_reading_ && error_) readiness_.change(Ready::none, Ready::in);
}

/// The next datagram that receive() gives, under lock_. A look can begin further on, and passes one without bytes that it has told of [linux] __skb_try_recv_from_queue.
DatagramSocket::Place DatagramSocket::find_waiting(std::optional<u64> left_out) const {
    for (auto* packet = received_.first(); packet; packet = packet->next) {
        u32 piece = piece_of(*packet, options_.merge_received), end = packet->size(), at = 0;
        do {
            u32 size = std::min(piece, end - at);
            if (!left_out || *left_out < size || (*left_out == 0 && !packet->note<Waiting>().peeked))
                return {packet, at, size, static_cast<u32>(left_out.value_or(0))};
            *left_out -= size;
            at += size;
        } while (at < end);
    }
    return {};
}

Result<Received> DatagramSocket::receive(ByteSink& into, u64 size, Peek peek, std::optional<u64> left_out) {
    Guard reader(reading_);
    Place place;
    {
        Guard guard(lock_);
        if (!error_) {
            auto error = std::exchange(error_, std::expected<void, Error>{}).error();
            readiness_.change(Ready::none, Ready::error);
            update_readable();
            return fail(error);
        }
        place = find_waiting(left_out);
        if (!place.packet && shut_reading_) return Received{};
        if (!place.packet) return fail(Error::would_block);
    }
    auto* packet = place.packet;
    auto& from = packet->note<Waiting>();
    Received result{
        .from = {from.from, from.port, from.from.is_link_local() ? from.interface : 0},
        .to = from.to,
        .interface = from.interface,
        .hop_limit = from.hop_limit,
        .traffic_class = from.traffic_class,
        .size = place.size,
        .left_out = place.left_out,
        .segment_size = packet->segmentation == device::Segmentation::udp ? packet->segment_size : u16{0},
        .drops = from.drops,
        .at = packet->received_at,
    };
    Result<void> copied{};
    packet->for_each_piece(place.at + place.left_out, static_cast<u32>(std::min<u64>(size, place.size - place.left_out)), [&](ByteSpan bytes) {
        if (copied) copied = into.put(bytes);
    });
    if (!copied) return fail(copied.error());
    if (peek == Peek::yes) {
        if (place.size == 0) from.peeked = 1;
        return result;
    }
    if (place.size < packet->size()) {
        packet->drop_front(place.size);
        return result;
    }
    Owned<device::Packet> done;
    {
        Guard guard(lock_);
        if (received_.first() != packet) return result;  // closed meanwhile
        received_footprint_ -= from.footprint;
        done = received_.pop_front();
        update_readable();
    }
    return result;
}

u64 DatagramSocket::receivable() const {
    Guard guard(lock_);
    auto* packet = received_.first();
    return packet ? piece_of(*packet, options_.merge_received) : 0;
}

}  // namespace spore::net::datagram
