// IPv6 packets that come in [RFC 8200].
#include <algorithm>

#include "kernel/net/ip/errors.hpp"
#include "kernel/net/ip/input.hpp"
#include "kernel/net/ip/local_table.hpp"
#include "kernel/net/ip/reassembly.hpp"
#include "wire/net/ipv6.hpp"
#include "wire/net/nd.hpp"

namespace spore::net::ip {

namespace {

using wire::ipv6::Header;

IpAddress address(const u8* bytes) {
    std::array<u8, 16> array;
    std::memcpy(array.data(), bytes, 16);
    return IpAddress::v6(array);
}

/// Groups send nothing; ::1 stays at home, and so does what looks like IPv4 [RFC 4291 2.5.3, 2.7, 4942 2.2]; our own address comes back only from someone
/// who pretends.
bool is_martian(const IpAddress& source) {
    if (source.is_multicast() || source.is_loopback() || source.is_v4()) return true;
    return find_local(source).kind != LocalKind::none;
}

bool is_for_us(const IpAddress& destination, Interface& interface, bool& broadcast) {
    if (destination.is_v4() || destination.is_loopback()) return false;
    if (find_local(destination).kind == LocalKind::own) [[likely]] return true;
    broadcast = true;
    return destination.is_multicast() && interface.is_member(destination);
}

constexpr bool is_extension(u8 protocol) {
    return protocol == wire::ipv6::hop_by_hop || protocol == wire::ipv6::routing || protocol == wire::ipv6::destination_options ||
           protocol == wire::ipv6::fragment;
}

/// Where a fragment header may stand: not within what was fragments already.
enum class Fragments : u8 { allowed, refused };

/// What came with a fragment header: neighbours and routers do not speak so, who does hides something from those that watch the link [RFC 6980 5].
void deliver_fragmented(Owned<device::Packet> packet, const Arrival& arrival) {
    if (arrival.protocol == wire::ipv6::icmp && packet->gather(1)) {
        auto type = static_cast<u8>(packet->head()[0]);
        if (type >= wire::nd::router_solicitation && type <= wire::nd::redirect) return count_drop(Drop::malformed);
    }
    deliver(std::move(packet), arrival);
}

void input_with_extensions(Owned<device::Packet> packet, Arrival& arrival, Fragments fragments) {
    // What was made here has less room behind its head than what came, and fewer headers.
    u32 room = static_cast<u32>(packet->head().size()) + packet->tailroom();
    if (!packet->gather(std::min(wire::ipv6::walk_size(packet->size()), room))) return count_drop(Drop::malformed);
    auto chain = wire::ipv6::walk(packet->head());
    if (!chain) {
        count_drop(Drop::malformed);
        return answer_bad_chain(std::move(packet), arrival, chain.error());
    }
    arrival.protocol = chain->protocol;
    u32 size = sizeof(Header) + chain->size;
    if (chain->protocol != wire::ipv6::fragment) {
        packet->pop(size);
        if (fragments == Fragments::refused) return deliver_fragmented(std::move(packet), arrival);
        return deliver(std::move(packet), arrival);
    }
    const auto* fragment = view_at<wire::ipv6::FragmentHeader>(packet->head(), size);
    if (!fragment || fragments == Fragments::refused) return count_drop(Drop::malformed);
    arrival.protocol = fragment->next;
    size += sizeof(wire::ipv6::FragmentHeader);
    if (fragment->offset() == 0 && fragment->last()) {  // whole all the same, and not mixed with others [RFC 6946]
        if (is_extension(fragment->next)) return count_drop(Drop::malformed);
        packet->pop(size);
        return deliver_fragmented(std::move(packet), arrival);
    }
    reassemble(std::move(packet), arrival, {fragment->identification, fragment->offset(), fragment->last(), size});
}

}  // namespace

void input_v6(Owned<device::Packet> packet, Interface& interface, Frame frame) {
    if (packet->head().size() < sizeof(Header)) (void)packet->gather(std::min<u32>(packet->size(), sizeof(Header)));
    auto parsed = wire::ipv6::parse(packet->head(), packet->size());
    if (!parsed) [[unlikely]] return count_drop(Drop::malformed);
    auto& header = **parsed;
    packet->truncate(header.payload_size + u32{sizeof(Header)});
    Arrival arrival{.interface = interface,
                    .source = address(header.source),
                    .destination = address(header.destination),
                    .protocol = header.next,
                    .hop_limit = header.hop_limit,
                    .traffic_class = header.traffic_class(),
                    .broadcast = frame != Frame::own};
    if (frame != Frame::copied && !interface.loopback()) {
        if (is_martian(arrival.source)) [[unlikely]] return count_drop(Drop::martian);
        if (!is_for_us(arrival.destination, interface, arrival.broadcast)) [[unlikely]] return count_drop(Drop::not_ours);
    } else if (arrival.destination.is_multicast()) {
        arrival.broadcast = true;
    }
    packet->mark(device::Layer::network);
    if (is_extension(arrival.protocol)) [[unlikely]] return input_with_extensions(std::move(packet), arrival, Fragments::allowed);
    packet->pop(sizeof(Header));
    deliver(std::move(packet), arrival);
}

void input_reassembled_v6(Owned<device::Packet> packet, Arrival& arrival) {
    if (is_extension(arrival.protocol)) return input_with_extensions(std::move(packet), arrival, Fragments::refused);
    packet->pop(sizeof(Header));
    deliver_fragmented(std::move(packet), arrival);
}

}  // namespace spore::net::ip
