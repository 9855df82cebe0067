// UDP's sockets and how datagrams come to them.
#include "kernel/net/udp/udp.hpp"

#include "kernel/net/datagram/datagram_socket.hpp"
#include "kernel/net/udp/own_port.hpp"
#include "wire/net/checksum.hpp"
#include "wire/net/udp.hpp"

namespace spore::net::udp {

using wire::udp::Header;

namespace {

constinit std::array<Locked<datagram::Table::Bucket, sync::Spin>, 256> buckets;
constinit datagram::Table table(buckets);

class UdpSocket final : public datagram::DatagramSocket {
public:
    explicit UdpSocket(EndpointListener* listener) : DatagramSocket(table, listener) {}
    ~UdpSocket() override { close(); }
    Transport transport() const override { return Transport::udp; }

private:
    u32 header_size() const override { return sizeof(Header); }

    Result<void> send_on(Path& path, Owned<device::Packet> packet, const Endpoint& to, const Target& target) override {
        u32 size = packet->size() + sizeof(Header);
        auto& header = *reinterpret_cast<Header*>(packet->push(sizeof(Header)).data());
        packet->mark(device::Layer::transport);
        auto options = this->options();
        header.source_port = number();
        header.destination_port = to.port;
        header.size = static_cast<u16>(size);
        if (options.no_checksum && path.destination().is_v4()) {
            header.checksum = 0;
        } else {
            header.checksum = pseudo_header_sum(path.source(), path.destination(), wire::udp::protocol, size);
            packet->checksum = device::Checksum::partial;
            packet->checksum_offset = offsetof(Header, checksum);
        }
        u16 segment = target.segment_size ? target.segment_size : options.segment_size;
        if (segment && size - sizeof(Header) > segment) {
            packet->segmentation = device::Segmentation::udp;
            packet->segment_size = segment;
        }
        return send_packet(path, std::move(packet), header_fields(path, wire::udp::protocol, options, target), options.multicast_loop);
    }
};

bool checksum_holds(const device::Packet& packet, const Arrival& arrival, const Header& header) {
    if (packet.checksum != device::Checksum::unknown) return true;
    if (header.checksum == 0) return arrival.source.is_v4();  // IPv6 wants one [RFC 8200 8.1]
    wire::InternetSum sum(pseudo_header_sum(arrival.source, arrival.destination, wire::udp::protocol, header.size));
    packet.for_each_piece(0, header.size, [&](ByteSpan bytes) { sum.add(bytes); });
    return sum.verifies();
}

}  // namespace

Result<Shared<Socket>> create(EndpointListener* listener) { return Shared<Socket>(TRY(make_shared<UdpSocket>(listener))); }
void for_each(SummaryVisitor visitor, void* context) { table.for_each(visitor, context); }

void start() { connect_transport(wire::udp::protocol, {.input = input, .path_error = path_error}); }

void input(Owned<device::Packet> packet, const Arrival& arrival) {
    if (!packet->gather(sizeof(Header))) return count_drop(Drop::malformed);
    auto parsed = Header::parse(packet->head(), packet->size());
    if (!parsed) return count_drop(Drop::malformed);
    auto& header = **parsed;
    packet->truncate(header.size);
    if (!checksum_holds(*packet, arrival, header)) return count_drop(Drop::checksum);
    u16 source_port = header.source_port, port = header.destination_port;
    if (arrival.broadcast) {
        if (!table.deliver_to_all(*packet, arrival, source_port, port, sizeof(Header)) && !deliver_to_own_port(*packet, arrival, port)) count_drop(Drop::no_port);
        return;
    }
    u32 hash = packet->hash ? packet->hash : u32{source_port} * 2654435761u ^ static_cast<u32>(arrival.source.bytes()[15]) << 16;
    auto socket = table.best(arrival, source_port, port, hash, *packet, sizeof(Header));
    if (!socket) {
        if (!deliver_to_own_port(*packet, arrival, port)) answer_port_unreachable(std::move(packet), arrival);
        return;
    }
    packet->pop(sizeof(Header));
    socket->deliver(std::move(packet), arrival, source_port);
}

void path_error(const PathError& error) {
    if (auto* header = view_at<Header>(error.quoted, 0)) table.path_error(error, header->source_port, header->destination_port);
}

}  // namespace spore::net::udp
