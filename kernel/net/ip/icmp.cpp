#include "kernel/net/ip/icmp.hpp"

#include "kernel/net/ip/group_reports.hpp"
#include "kernel/net/ip/nd.hpp"
#include "kernel/net/ip/path.hpp"
#include "kernel/net/ip/router_discovery.hpp"
#include "kernel/net/ping/ping.hpp"
#include "wire/net/checksum.hpp"
#include "wire/net/group_reports.hpp"
#include "wire/net/icmp.hpp"
#include "wire/net/ipv6.hpp"
#include "wire/net/nd.hpp"

namespace spore::net::icmp {

namespace {

using wire::icmp::Header;
namespace v4 = wire::icmp::v4;
namespace v6 = wire::icmp::v6;

constexpr u8 protocol_v4 = 1, protocol_v6 = 58;

bool checksum_right(const device::Packet& packet, u16 start) {
    if (packet.checksum == device::Checksum::verified) return true;
    wire::InternetSum sum(start);
    packet.for_each_piece(0, packet.size(), [&](ByteSpan piece) { sum.add(piece); });
    return sum.verifies();
}

/// The request goes back as it is, but for its type.
void answer_echo(Owned<device::Packet> packet, const Arrival& arrival, u8 reply) {
    // Who answers groups lets one packet become many [RFC 1122 3.2.2.6]; IPv6 wants it nevertheless, from our own address [RFC 4443 4.2].
    bool v4 = arrival.source.is_v4();
    if (arrival.broadcast && v4) return count_drop(Drop::not_ours);
    auto path = Path::find(arrival.source, {.source = arrival.broadcast ? IpAddress() : arrival.destination,
                                            .interface = arrival.source.is_link_local() ? arrival.interface.index() : 0});
    if (!path) return count_drop(Drop::no_route);
    auto& header = *reinterpret_cast<Header*>(packet->head().data());
    u16 before = static_cast<u16>(header.type << 8), after = static_cast<u16>(reply << 8);
    header.type = reply;
    header.checksum = wire::update_checksum(header.checksum, before, after);
    if (arrival.broadcast) {  // another address than the one that was summed
        u16 old_sum = pseudo_header_sum(arrival.source, arrival.destination, protocol_v6, packet->size());
        u16 new_sum = pseudo_header_sum(path->source(), arrival.source, protocol_v6, packet->size());
        header.checksum = wire::update_checksum(header.checksum, old_sum, new_sum);
    }
    // Both mean the same sum, but of zeros alone: then only the second is right, which an update does not give [RFC 1624 3].
    if (header.checksum == 0) header.checksum = 0xffff;
    packet->checksum = device::Checksum::unknown;
    (void)path->send(std::move(packet), {.protocol = v4 ? protocol_v4 : protocol_v6,
                                         .traffic_class = arrival.traffic_class,
                                         .dont_fragment = false});  // what cannot be sent is lost, like any packet
}

}  // namespace

void input_v4(Owned<device::Packet> packet, const Arrival& arrival) {
    if (!packet->gather(sizeof(Header))) return count_drop(Drop::malformed);
    if (!checksum_right(*packet, 0)) return count_drop(Drop::checksum);
    u8 type = static_cast<u8>(packet->head()[0]);
    if (type == v4::echo_request) return answer_echo(std::move(packet), arrival, v4::echo_reply);
    if (type == v4::echo_reply) return ping::input(std::move(packet), arrival);
    // Redirects are not followed: a host on the link could take over everything.
    if (type == v4::redirect) return count_drop(Drop::no_protocol);
    if (v4::is_error(type)) return error_received_v4(std::move(packet), arrival);
    count_drop(Drop::no_protocol);
}

void input_v6(Owned<device::Packet> packet, const Arrival& arrival) {
    if (!packet->gather(sizeof(Header))) return count_drop(Drop::malformed);
    if (!checksum_right(*packet, pseudo_header_sum(arrival.source, arrival.destination, protocol_v6, packet->size())))
        return count_drop(Drop::checksum);
    u8 type = static_cast<u8>(packet->head()[0]);
    switch (type) {
    case v6::echo_request: return answer_echo(std::move(packet), arrival, v6::echo_reply);
    case v6::echo_reply: return ping::input(std::move(packet), arrival);
    case wire::mld::query:
    case wire::mld::report_1: return group_reports::input_v6(std::move(packet), arrival);
    case wire::mld::done_1: case wire::mld::report_2: return;  // what others tell routers
    case wire::nd::router_advertisement: return router_discovery::input(std::move(packet), arrival);
    case wire::nd::neighbour_solicitation:
    case wire::nd::neighbour_advertisement: return nd::input(std::move(packet), arrival);
    }
    if (v6::is_error(type)) return error_received_v6(std::move(packet), arrival);
    count_drop(Drop::no_protocol);
}

}  // namespace spore::net::icmp
