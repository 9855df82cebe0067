#include "kernel/net/ip/nd.hpp"

#include "kernel/net/ip/duplicate.hpp"
#include "kernel/net/ip/neighbour.hpp"
#include "kernel/net/ip/output.hpp"
#include "kernel/net/ip/source.hpp"
#include "wire/net/ethernet.hpp"
#include "wire/net/nd.hpp"

namespace spore::net::nd {

namespace {

namespace wnd = wire::nd;

/// Sends one message, with our link address in `option` (0: without). To a neighbour whose link address is known, or to a group.
template <typename Message>
void send(Interface& interface, const IpAddress& source, const IpAddress& destination, const device::MacAddress* to, const Message& contents, u8 option) {
    auto made = device::Packet::create();
    if (!made) return count_drop(Drop::no_memory);
    auto packet = std::move(*made);
    auto& message = *reinterpret_cast<Message*>(packet->append(sizeof(Message)).data());
    message = contents;
    if (option) {
        auto& link = *reinterpret_cast<wnd::LinkOption*>(packet->append(sizeof(wnd::LinkOption)).data());
        link = {.kind = option, .size = 1, .mac = {}};
        std::memcpy(link.mac, interface.mac().bytes.data(), 6);
    }
    wire::InternetSum sum(pseudo_header_sum(source, destination, wire::ipv6::icmp, packet->size()));
    sum.add(packet->head());
    message.checksum = sum.checksum();
    packet->mark(device::Layer::transport);
    ip::put_header_v6(*packet, source, destination, {.protocol = wire::ipv6::icmp, .hop_limit = wnd::hop_limit});
    auto mac = to ? to->bytes : wire::ethernet::group_of_ipv6(destination.bytes());
    ip::transmit_to(interface, mac, std::move(packet));
}

wnd::Neighbour about(u8 type, u32 flags, const IpAddress& target) {
    wnd::Neighbour message{};
    message.type = type;
    message.flags = flags;
    std::memcpy(message.target, target.bytes().data(), 16);
    return message;
}

IpAddress group_of(const IpAddress& target) { return IpAddress::v6(wnd::solicited_node_group(target.bytes())); }

void advertise(Interface& interface, const IpAddress& target, const IpAddress& to, const device::MacAddress* mac, bool solicited) {
    u32 flags = wnd::flag_override | (solicited ? wnd::flag_solicited : 0);
    send(interface, target, to, mac, about(wnd::neighbour_advertisement, flags, target), wnd::option_target_link);
}

bool is_ours(const u8* mac, const Interface& interface) { return std::memcmp(mac, interface.mac().bytes.data(), 6) == 0; }

/// Who sent the frame says whether a question without a source is our own: some switches send it back, and then it tells of no duplicate [RFC 4862 5.4.3].
bool has_come_back(const device::Packet& packet, const Interface& interface) {
    i32 link = packet.layer_offset(device::Layer::link), network = packet.layer_offset(device::Layer::network);
    if (network - link < i32{sizeof(wire::ethernet::Header)}) return false;  // it came without one
    return is_ours(reinterpret_cast<const wire::ethernet::Header*>(packet.layer(device::Layer::link))->source, interface);
}

void solicited(const wnd::NeighbourMessage& message, const IpAddress& target, const Arrival& arrival, bool come_back) {
    auto& interface = arrival.interface;
    if (!interface.has_address(target) || come_back) return;
    bool probing = arrival.source.is_unspecified();
    // Duplicate detection speaks to the solicited-node group and tells no link address [RFC 4861 7.1.1].
    if (probing && (message.link || arrival.destination != group_of(target))) return count_drop(Drop::malformed);
    if (interface.is_tentative(target)) {
        if (probing) address_conflict(interface, target);  // two of us try it at once [RFC 4862 5.4.3]
        return;
    }
    if (probing) return advertise(interface, target, IpAddress::v6(wnd::all_nodes), nullptr, false);
    if (message.link) neighbours::heard_from(interface, arrival.source, message.link);
    device::MacAddress mac;
    if (message.link) std::memcpy(mac.bytes.data(), message.link, 6);
    else {
        auto neighbour = neighbours::find(interface, arrival.source);
        if (!neighbour || (*neighbour)->state() == Neighbour::State::incomplete || (*neighbour)->state() == Neighbour::State::failed) return;
        mac = (*neighbour)->link_address();
    }
    advertise(interface, target, arrival.source, &mac, true);
}

void advertised(const wnd::NeighbourMessage& message, const IpAddress& target, const Arrival& arrival) {
    auto& interface = arrival.interface;
    u32 flags = message.message->flags;
    if (arrival.destination.is_multicast() && (flags & wnd::flag_solicited)) return count_drop(Drop::malformed);
    if (message.link && is_ours(message.link, interface)) return;  // our own, come back
    if (interface.has_address(target)) return address_conflict(interface, target);
    if (!message.link) return;  // on Ethernet there is always one to tell
    neighbours::answered(interface, target, message.link,
                         {.solicited = (flags & wnd::flag_solicited) != 0, .override_cached = (flags & wnd::flag_override) != 0,
                          .router = (flags & wnd::flag_router) != 0});
}

}  // namespace

void input(Owned<device::Packet> packet, const Arrival& arrival) {
    // Messages with options fit a head many times over; a longer one is not ours to read.
    if (arrival.hop_limit != wnd::hop_limit || !packet->gather(packet->size())) return count_drop(Drop::malformed);
    auto parsed = wnd::parse_neighbour(packet->head());
    if (!parsed) return count_drop(Drop::malformed);
    std::array<u8, 16> bytes;
    std::memcpy(bytes.data(), parsed->message->target, 16);
    auto target = IpAddress::v6(bytes);
    if (parsed->message->type == wnd::neighbour_solicitation) solicited(*parsed, target, arrival, has_come_back(*packet, arrival.interface));
    else advertised(*parsed, target, arrival);
}

void solicit(Interface& interface, const IpAddress& target, const device::MacAddress* to) {
    auto source = source_on(interface, target);
    if (source.is_unspecified()) return;  // without an address of our own nobody could answer
    send(interface, source, to ? target : group_of(target), to, about(wnd::neighbour_solicitation, 0, target), wnd::option_source_link);
}

void probe(Interface& interface, const IpAddress& target) {
    send(interface, {}, group_of(target), nullptr, about(wnd::neighbour_solicitation, 0, target), 0);
}

void solicit_routers(Interface& interface) {
    auto group = IpAddress::v6(wnd::all_routers);
    auto source = source_on(interface, group);
    // Who has no address yet must not name a link address either [RFC 4861 4.1].
    if (!source.is_link_local()) source = {};
    wnd::RouterSolicitation message{.type = wnd::router_solicitation};
    send(interface, source, group, nullptr, message, source.is_unspecified() ? u8{0} : wnd::option_source_link);
}

void announce(Interface& interface, const IpAddress& address) {
    advertise(interface, address, IpAddress::v6(wnd::all_nodes), nullptr, false);
}

}  // namespace spore::net::nd
