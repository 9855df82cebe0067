#include "kernel/net/interface.hpp"

#include <algorithm>

#include "base/format.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/net/automatic.hpp"
#include "kernel/net/ip/arp.hpp"
#include "kernel/net/ip/generation.hpp"
#include "kernel/net/ip/group_reports.hpp"
#include "kernel/net/ip/input.hpp"
#include "kernel/net/ip/local_table.hpp"
#include "kernel/net/ip/route.hpp"
#include "kernel/net/link/socket.hpp"
#include "kernel/net/loopback.hpp"
#include "kernel/net/outbox.hpp"
#include "wire/net/ethernet.hpp"

namespace spore::net {

namespace ethernet = wire::ethernet;

Interface::Interface(u32 index, device::NetDevice* device)
    : index_(index), device_(device), mtu_(device ? device->mtu() : loopback_mtu) {
    if (device) {
        features_ = device->features();
        mac_ = device->mac();
        format_to(name_, "eth{}", index - 2);
        return;
    }
    format_to(name_, "lo");
    // Nothing can be damaged on its way through memory, and a packet as large as IP allows needs not be cut.
    features_ = {true, true, true, true, true, loopback_mtu};
}

Result<void> Interface::set_mtu(u16 mtu) {
    u16 most = device_ ? device_->mtu() : loopback_mtu;
    if (mtu < 576 || mtu > most) return fail(Error::invalid);
    mtu_.store(mtu, std::memory_order_relaxed);
    next_generation();
    return {};
}

void Interface::limit_mtu_v6(u32 mtu) {
    constexpr u32 least = 1280;  // what every link carries [RFC 8200 5]
    if (mtu < least || mtu > this->mtu() || mtu_v6_.exchange(static_cast<u16>(mtu), std::memory_order_relaxed) == mtu) return;
    next_generation();
}

void Interface::show_all(const device::PacketList& packets) {
    for (auto* packet = packets.first(); packet; packet = packet->next) link::offer(*packet, *this, true);
}

void Interface::transmit(device::PacketList& packets) {
    if (watched()) [[unlikely]] show_all(packets);
    if (device_) {
        core::trace(core::TracePoint::packets_sent, index_, packets.count());
        return device_->transmit(packets);
    }
    while (auto packet = packets.pop_front()) deliver_here(std::move(packet), *this);
}

void Interface::transmit(Owned<device::Packet> packet) {
    if (!device_) {
        if (watched()) [[unlikely]] link::offer(*packet, *this, true);
        return deliver_here(std::move(packet), *this);
    }
    if (outbox::collect(*this, packet)) return;
    device::PacketList one;
    one.push_back(std::move(packet));
    transmit(one);
}

void Interface::receive(device::NetDevice&, device::PacketList& batch) {
    core::trace(core::TracePoint::packets_received, index_, batch.count());
    Collecting collecting;
    while (auto packet = batch.pop_front()) accept(std::move(packet));
    end_of_batch();
}

void Interface::accept(Owned<device::Packet> packet) {
    if (packet->head().size() < sizeof(ethernet::Header) + sizeof(ethernet::VlanTag))
        (void)packet->gather(std::min<u32>(packet->size(), sizeof(ethernet::Header) + sizeof(ethernet::VlanTag)));
    if (watched()) [[unlikely]] link::offer(*packet, *this, false);
    auto frame = ethernet::parse(packet->head());
    if (!frame) [[unlikely]] return count_drop(Drop::malformed);
    bool group = ethernet::is_group(frame->header->destination);
    if (!group && std::memcmp(frame->header->destination, mac_.bytes.data(), 6) != 0) return count_drop(Drop::not_ours);
    // There are no VLAN interfaces: of tagged frames only those without a VLAN (priority tags) are for us.
    if (frame->vlan != 0) [[unlikely]] return count_drop(Drop::not_ours);
    packet->pop(frame->header_size);
    switch (frame->type) {
    case ethernet::type_ipv4: return ip::input_v4(std::move(packet), *this, group ? ip::Frame::group : ip::Frame::own);
    case ethernet::type_ipv6: return ip::input_v6(std::move(packet), *this, group ? ip::Frame::group : ip::Frame::own);
    case ethernet::type_arp: return arp::input(std::move(packet), *this);
    default: count_drop(Drop::no_protocol);
    }
}

void Interface::link_changed(device::NetDevice&) {
    next_generation();
    if (!up()) return;
    group_reports::tell_all(*this);
    link_came_up(*this);
}

}  // namespace spore::net
