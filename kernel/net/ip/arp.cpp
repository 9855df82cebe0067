#include "kernel/net/ip/arp.hpp"

#include "kernel/net/ip/duplicate.hpp"
#include "kernel/net/ip/local_table.hpp"
#include "kernel/net/ip/neighbour.hpp"
#include "kernel/net/ip/source.hpp"
#include "wire/net/arp.hpp"

namespace spore::net::arp {

namespace {

namespace ethernet = wire::ethernet;
using wire::arp::Operation;

void send(Interface& interface, const ethernet::Mac& to, const wire::arp::Packet& arp) {
    auto made = device::Packet::create();
    if (!made) return count_drop(Drop::no_memory);
    auto packet = std::move(*made);
    std::memcpy(packet->append(sizeof arp).data(), &arp, sizeof arp);
    packet->mark(device::Layer::network);
    auto& header = *reinterpret_cast<ethernet::Header*>(packet->push(sizeof(ethernet::Header)).data());
    std::memcpy(header.destination, to.data(), 6);
    std::memcpy(header.source, interface.mac().bytes.data(), 6);
    header.type = ethernet::type_arp;
    interface.transmit(std::move(packet));
}

}  // namespace

void input(Owned<device::Packet> packet, Interface& interface) {
    (void)packet->gather(std::min<u32>(packet->size(), sizeof(wire::arp::Packet)));  // too short: parse() says so
    auto parsed = wire::arp::parse(packet->head());
    if (!parsed) return count_drop(Drop::malformed);
    auto& arp = **parsed;
    auto sender = IpAddress::v4(arp.sender), target = IpAddress::v4(arp.target);
    if (std::memcmp(arp.sender_mac, interface.mac().bytes.data(), 6) == 0) return;  // our own, come back
    if (sender.is_multicast() || sender.is_loopback() || sender.is_limited_broadcast()) return count_drop(Drop::martian);

    bool to_us = interface.has_address(target) && !interface.is_tentative(target);
    if (interface.has_address(sender)) {
        // Somebody uses our address: say once more whose it is [RFC 5227 2.4 (b)]. A tentative one is not ours yet; its chore looks.
        address_conflict(interface, sender);
        return;
    }
    // Another host asks for an address that we are asking for: neither has it [RFC 5227 2.1.1].
    if (sender.is_unspecified() && interface.is_tentative(target)) return address_conflict(interface, target);
    if (arp.kind() == Operation::request && to_us) {
        // A probe has no sender: it is answered, and teaches nothing.
        if (!sender.is_unspecified()) neighbours::heard_from(interface, sender, arp.sender_mac);
        ethernet::Mac to;
        std::memcpy(to.data(), arp.sender_mac, 6);
        return send(interface, to, wire::arp::make(Operation::reply, interface.mac().bytes, arp.target, to, arp.sender));
    }
    if (sender.is_unspecified()) return;
    bool for_us = arp.kind() == Operation::reply && to_us;
    neighbours::answered(interface, sender, arp.sender_mac, {.solicited = for_us, .override_cached = true});
}

void request(Interface& interface, u32 target, const device::MacAddress* to) {
    auto source = source_on(interface, IpAddress::v4(target));
    send(interface, to ? to->bytes : ethernet::broadcast,
         wire::arp::make(Operation::request, interface.mac().bytes, source.is_v4() ? source.v4_value() : 0, {}, target));
}

void probe(Interface& interface, u32 target) {
    send(interface, ethernet::broadcast, wire::arp::make(Operation::request, interface.mac().bytes, 0, {}, target));
}

void announce(Interface& interface, u32 address) {
    send(interface, ethernet::broadcast, wire::arp::make(Operation::request, interface.mac().bytes, address, {}, address));
}

}  // namespace spore::net::arp
