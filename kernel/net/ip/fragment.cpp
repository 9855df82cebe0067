// Cuts packets that are larger than the way takes, where their sender allows it [RFC 791 3.2, 8200 4.5].
#include "kernel/core/random.hpp"
#include "kernel/net/ip/output.hpp"

namespace spore::net::ip {

Result<device::PacketList> fragment(Owned<device::Packet> whole, const IpAddress& source, const IpAddress& destination,
                                    const IpOptions& options, u32 mtu) {
    bool v4 = destination.is_v4();
    u32 headers = v4 ? u32{sizeof(wire::ipv4::Header)} : u32{sizeof(wire::ipv6::Header) + sizeof(wire::ipv6::FragmentHeader)};
    if (mtu < headers + 8) return fail(Error::message_too_long);
    u32 most = (mtu - headers) & ~u32{7};  // all but the last are multiples of 8
    // Nobody outside may guess the next number: it lets strangers put fragments in between [RFC 7739].
    auto identification = static_cast<u32>(core::random_u64());
    device::PacketList fragments;
    u32 total = whole->size();
    for (u32 at = 0; at < total; at += most) {
        u32 size = std::min(most, total - at);
        bool last = at + size == total;
        auto part = TRY(part_of(*whole, at, size, device::Packet::send_headroom));
        part->mark(device::Layer::transport);
        if (v4) {
            u16 field = static_cast<u16>(at / 8 | (last ? 0u : wire::ipv4::more_fragments));
            put_header_v4(*part, source.v4_value(), destination.v4_value(), options, static_cast<u16>(identification), field);
        } else {
            auto& header = *reinterpret_cast<wire::ipv6::FragmentHeader*>(part->push(sizeof(wire::ipv6::FragmentHeader)).data());
            header.next = options.protocol;
            header.reserved = 0;
            header.offset_and_more = static_cast<u16>(at | (last ? 0u : 1u));
            header.identification = identification;
            auto outer = options;
            outer.protocol = wire::ipv6::fragment;
            put_header_v6(*part, source, destination, outer);
        }
        fragments.push_back(std::move(part));
    }
    return fragments;
}

}  // namespace spore::net::ip
