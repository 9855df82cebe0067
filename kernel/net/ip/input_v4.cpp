// IPv4 packets that come in [RFC 791, 1122 3.2.1].
#include "kernel/net/ip/input.hpp"
#include "kernel/net/ip/local_table.hpp"
#include "kernel/net/ip/reassembly.hpp"
#include "wire/net/ipv4.hpp"

namespace spore::net::ip {

namespace {

using wire::ipv4::Header;

/// A source that nobody can have: then whoever sent it wants something else than an answer [RFC 1122 3.2.1.3, 6890]. 0.0.0.0 is a host that has no
/// address yet, and may speak to a DHCP server only, which this machine is not.
bool is_martian(const IpAddress& source, u32 value) {
    if (value >= 0xe0000000 || value >> 24 == 127 || value >> 24 == 0) return true;
    return find_local(source).kind != LocalKind::none;
}

bool is_for_us(const IpAddress& destination, Interface& interface, bool& broadcast) {
    auto local = find_local(destination);
    if (local.kind == LocalKind::own) [[likely]] return true;
    broadcast = true;
    if (local.kind == LocalKind::broadcast || destination.is_limited_broadcast()) return true;
    return destination.is_multicast() && interface.is_member(destination);
}

/// Rare: options are looked at, and none of them does anything here but make the header longer.
Result<void> skip_options(device::Packet& packet, u32 header_size) {
    auto options = TRY(wire::ipv4::parse_options(packet.head().subspan(sizeof(Header), header_size - sizeof(Header))));
    if (options.source_route) return fail(Error::not_permitted);
    return {};
}

/// How much the header says that it has; the head of the loopback's packets holds little more than the headers, so more may not be asked for.
u32 header_to_come(const device::Packet& packet) {
    auto head = packet.head();
    return head.size() < sizeof(Header) ? u32{sizeof(Header)} : reinterpret_cast<const Header*>(head.data())->header_size();
}

}  // namespace

void input_v4(Owned<device::Packet> packet, Interface& interface, Frame frame) {
    if (packet->head().size() < header_to_come(*packet)) [[unlikely]] (void)packet->gather(std::min(packet->size(), wire::ipv4::max_header));
    auto parsed = wire::ipv4::parse(packet->head(), packet->size());
    if (!parsed) [[unlikely]] return count_drop(parsed.error() == Error::io ? Drop::checksum : Drop::malformed);
    auto& header = **parsed;
    packet->truncate(header.total_size);  // an Ethernet frame has at least 60 bytes, whatever it carries
    Arrival arrival{.interface = interface,
                    .source = IpAddress::v4(header.source),
                    .destination = IpAddress::v4(header.destination),
                    .protocol = header.protocol,
                    .hop_limit = header.hop_limit,
                    .traffic_class = header.traffic_class,
                    .broadcast = frame != Frame::own};
    if (frame != Frame::copied && !interface.loopback()) {
        if (is_martian(arrival.source, header.source)) [[unlikely]] return count_drop(Drop::martian);
        if (!is_for_us(arrival.destination, interface, arrival.broadcast)) [[unlikely]] return count_drop(Drop::not_ours);
    } else if (arrival.destination.is_multicast()) {
        arrival.broadcast = true;
    }
    packet->mark(device::Layer::network);
    u32 size = header.header_size();
    if (size != sizeof(Header)) [[unlikely]]
        if (!skip_options(*packet, size)) return count_drop(Drop::malformed);
    if (header.is_fragment()) [[unlikely]] {
        return reassemble(std::move(packet), arrival, {header.identification, header.fragment_offset(), header.last_fragment(), size});
    }
    packet->pop(size);
    deliver(std::move(packet), arrival);
}

}  // namespace spore::net::ip
