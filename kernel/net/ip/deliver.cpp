// Which transport takes which protocol.
#include <atomic>

#include "kernel/net/ip/errors.hpp"
#include "kernel/net/ip/group_reports.hpp"
#include "kernel/net/ip/icmp.hpp"
#include "kernel/net/ip/input.hpp"
#include "wire/net/ipv6.hpp"

namespace spore::net {

namespace {

constexpr u8 protocol_icmp = 1, protocol_igmp = 2;
using Input = decltype(TransportDoors::input);
constinit TransportDoors doors[256] = {};
constinit Input behind[256] = {};  ///< the doors before which somebody stands
constinit bool stood_before[256] = {};
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

/// What no transport has connected for.
static void deliver_unclaimed(Owned<device::Packet> packet, const Arrival& arrival, bool taken) {
    bool v4 = arrival.destination.is_v4();
    if (v4 && arrival.protocol == protocol_icmp) return icmp::input_v4(std::move(packet), arrival);
    if (!v4 && arrival.protocol == wire::ipv6::icmp) return icmp::input_v6(std::move(packet), arrival);
    if (!v4 && arrival.protocol == wire::ipv6::no_next) return;  // nothing follows, nothing is wrong [RFC 8200 4.7]
    if (v4 && arrival.protocol == protocol_igmp) return group_reports::input_v4(std::move(packet), arrival);
    if (taken) return;
    count_drop(Drop::no_protocol);
    if (!arrival.broadcast) answer_protocol_unreachable(std::move(packet), arrival);
}

void stand_before(u8 protocol, Input before) {
    if (before && !std::exchange(stood_before[protocol], true)) behind[protocol] = doors[protocol].input;
    if (!before && !std::exchange(stood_before[protocol], false)) return;
    // A packet on another CPU goes the old way or the new one.
    std::atomic_ref(doors[protocol].input).store(before ? before : behind[protocol], std::memory_order_release);
}

void deliver(Owned<device::Packet> packet, const Arrival& arrival) {
    packet->mark(device::Layer::transport);
    if (auto input = doors[arrival.protocol].input) [[likely]] return input(std::move(packet), arrival);
    deliver_unclaimed(std::move(packet), arrival, false);
}

void deliver_behind(Owned<device::Packet> packet, const Arrival& arrival, bool taken) {
    if (auto input = behind[arrival.protocol]) return input(std::move(packet), arrival);
    deliver_unclaimed(std::move(packet), arrival, taken);
}

}  // namespace ip
}  // namespace spore::net
