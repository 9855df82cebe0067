// Which transport takes which protocol.
#include "kernel/net/ip/errors.hpp"
#include "kernel/net/ip/icmp.hpp"
#include "kernel/net/ip/input.hpp"
#include "wire/net/ipv6.hpp"

namespace spore::net {

namespace {

constexpr u8 protocol_icmp = 1, protocol_igmp = 2;
constinit TransportDoors doors[256] = {};
/// Those whose end_of_batch() is called.
constexpr u32 max_batching = 4;
constinit void (*batching[max_batching])() = {};
constinit u32 batching_count = 0;

}  // namespace

void connect_transport(u8 protocol, const TransportDoors& its) {
    doors[protocol] = its;
    batching_count = 0;
    for (auto& one : doors)
        if (one.end_of_batch && batching_count < max_batching) batching[batching_count++] = one.end_of_batch;
}

void end_of_batch() {
    for (u32 i = 0; i < batching_count; ++i) batching[i]();
}

namespace ip {

const TransportDoors& doors_of(u8 protocol) { return doors[protocol]; }

void deliver(Owned<device::Packet> packet, const Arrival& arrival) {
    packet->mark(device::Layer::transport);
    if (auto input = doors[arrival.protocol].input) [[likely]] return input(std::move(packet), arrival);
    bool v4 = arrival.destination.is_v4();
    if (v4 && arrival.protocol == protocol_icmp) return icmp::input_v4(std::move(packet), arrival);
    if (!v4 && arrival.protocol == wire::ipv6::icmp) return icmp::input_v6(std::move(packet), arrival);
    if (!v4 && arrival.protocol == wire::ipv6::no_next) return;  // nothing follows, nothing is wrong [RFC 8200 4.7]
    count_drop(Drop::no_protocol);
    if (!arrival.broadcast && arrival.protocol != protocol_igmp) answer_protocol_unreachable(std::move(packet), arrival);
}

}  // namespace ip
}  // namespace spore::net
