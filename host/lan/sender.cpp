#include "host/lan/sender.hpp"

#include <algorithm>

#include "wire/net/arp.hpp"
#include "wire/net/ipv4.hpp"
#include "wire/net/ipv6.hpp"
#include "wire/net/nd.hpp"

namespace spore::host::lan {

namespace {

namespace ethernet = wire::ethernet;

using Address = std::array<u8, 16>;

constexpr u16 type_service_vlan = 0x88a8;  // IEEE 802.1ad

bool is_own(const u8* bytes, unsigned number) { return std::ranges::equal(std::span(bytes, 16), member_v6(number)) || std::ranges::equal(std::span(bytes, 16), member_link_local(number)); }

bool may_say_arp(ByteSpan packet, unsigned number) {
    auto said = wire::arp::parse(packet);
    // Who asks whether an address is free has none yet [RFC 5227].
    return said && std::ranges::equal((*said)->sender_mac, member_mac(number)) && ((*said)->sender == 0 || (*said)->sender == member_v4(number));
}

bool may_send_v4(ByteSpan packet, unsigned number) {
    const auto* header = view_at<wire::ipv4::Header>(packet, 0);
    return header && (header->source == 0 || header->source == member_v4(number));
}

/// What neighbours learn from: that an address is at a card, and where the ways out are [RFC 4861 4].
bool may_say_icmp(ByteSpan message, unsigned number) {
    if (message.empty()) return true;
    switch (std::to_integer<u8>(message[0])) {
        case wire::nd::router_advertisement:
        case wire::nd::redirect: return false;
        case wire::nd::neighbour_advertisement: {
            const auto* said = view_at<wire::nd::Neighbour>(message, 0);
            return said && is_own(said->target, number);
        }
        default: return true;
    }
}

bool may_send_v6(ByteSpan packet, unsigned number) {
    const auto* header = view_at<wire::ipv6::Header>(packet, 0);
    if (!header || (!is_own(header->source, number) && !std::ranges::equal(header->source, Address{}))) return false;
    auto chain = wire::ipv6::walk(packet);
    if (!chain) return false;
    return chain->protocol != wire::ipv6::icmp || may_say_icmp(packet.subspan(std::min<std::size_t>(packet.size(), sizeof *header + chain->size)), number);
}

}  // namespace

std::array<u8, 16> member_link_local(unsigned number) {
    auto mac = member_mac(number);
    return {0xfe, 0x80, 0, 0, 0, 0, 0, 0, static_cast<u8>(mac[0] ^ 2), mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5]};
}

bool speaks_for_itself(ByteSpan bytes, unsigned number) {
    auto frame = ethernet::parse(bytes);
    if (!frame || frame->header_size != sizeof(ethernet::Header) || !std::ranges::equal(frame->header->source, member_mac(number))) return false;
    auto packet = bytes.subspan(frame->header_size);
    switch (frame->type) {
        case ethernet::type_arp: return may_say_arp(packet, number);
        case ethernet::type_ipv4: return may_send_v4(packet, number);
        case ethernet::type_ipv6: return may_send_v6(packet, number);
        default: return frame->type != type_service_vlan;
    }
}

}  // namespace spore::host::lan
