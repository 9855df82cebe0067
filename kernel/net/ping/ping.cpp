#include "kernel/net/ping/ping.hpp"

#include "kernel/net/datagram/datagram_socket.hpp"
#include "wire/net/checksum.hpp"
#include "wire/net/icmp.hpp"
#include "wire/net/ipv6.hpp"

namespace spore::net::ping {

namespace {

using wire::icmp::Header;

constexpr u8 protocol_v4 = 1;
constinit std::array<Locked<datagram::Table::Bucket, sync::Spin>, 16> buckets_v4, buckets_v6;
constinit datagram::Table tables[] = {datagram::Table(buckets_v4), datagram::Table(buckets_v6)};
auto& table_of(Version version) { return tables[static_cast<u32>(version)]; }
auto& table_of(const IpAddress& address) { return table_of(address.is_v4() ? Version::v4 : Version::v6); }
u16 identifier(const Header& header) { return static_cast<u16>(header.rest >> 16); }

class PingSocket final : public datagram::DatagramSocket {
public:
    PingSocket(Version version, EndpointListener* listener) : DatagramSocket(table_of(version), listener) {}
    ~PingSocket() override { close(); }
    Transport transport() const override { return Transport::ping; }

private:
    Result<void> send_on(Path& path, Owned<device::Packet> packet, const Endpoint&, const datagram::Target& target) override {
        bool v4 = path.destination().is_v4();
        if (!packet->gather(sizeof(Header))) return fail(Error::invalid);
        auto& header = *reinterpret_cast<Header*>(packet->head().data());
        if (header.type != (v4 ? wire::icmp::v4::echo_request : wire::icmp::v6::echo_request) || header.code != 0) return fail(Error::invalid);
        header.rest = u32{number()} << 16 | (header.rest & 0xffff);
        header.checksum = 0;
        u8 protocol = v4 ? protocol_v4 : wire::ipv6::icmp;
        wire::InternetSum sum(v4 ? u16{0} : pseudo_header_sum(path.source(), path.destination(), protocol, packet->size()));
        packet->for_each_piece(0, packet->size(), [&](ByteSpan piece) { sum.add(piece); });
        header.checksum = sum.checksum();
        auto options = this->options();
        return send_packet(path, std::move(packet), header_fields(path, protocol, options, target), options.multicast_loop);
    }
};

void path_error(const PathError& error) {
    if (auto* header = view_at<Header>(error.quoted, 0)) table_of(error.destination).path_error(error, identifier(*header), 0);
}

}  // namespace

void start() {
    connect_transport(protocol_v4, {.path_error = path_error});
    connect_transport(wire::ipv6::icmp, {.path_error = path_error});
}

Result<Shared<datagram::Socket>> create(Version version, EndpointListener* listener) {
    return Shared<datagram::Socket>(TRY(make_shared<PingSocket>(version, listener)));
}

void input(Owned<device::Packet> packet, const Arrival& arrival) {
    auto& header = *reinterpret_cast<const Header*>(packet->head().data());
    auto socket = table_of(arrival.source).best(arrival, 0, identifier(header), 0, *packet, 0);
    if (!socket) return count_drop(Drop::no_port);
    socket->deliver(std::move(packet), arrival, 0);
}

void for_each(datagram::SummaryVisitor visitor, void* context) {
    for (auto& table : tables) table.for_each(visitor, context);
}

}  // namespace spore::net::ping
