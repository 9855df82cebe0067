#include "kernel/net/udp/own_port.hpp"

#include "kernel/net/binding.hpp"
#include "wire/net/udp.hpp"

namespace spore::net::udp {

using wire::udp::Header;

namespace {
struct OwnPort {
    u16 port = 0;
    void (*input)(ByteSpan bytes, const Arrival& arrival) = nullptr;
    Binding* reserved = nullptr;  ///< for ever: no program may take what is to come here
};
constinit OwnPort own_ports[2] = {};  // DHCP's, for both versions
}  // namespace

void listen_at(PortVersion version, u16 port, void (*input)(ByteSpan bytes, const Arrival& arrival)) {
    for (auto& one : own_ports) {
        if (one.port != 0 && one.port != port) continue;
        if (one.port) return;
        one = {port, input};
        bool v4 = version == PortVersion::v4;
        // Without memory for it, a program could take the port, and does not.
        if (auto binding = Binding::create(Transport::udp, {v4 ? IpAddress::any_v4() : IpAddress(), port, 0}, {.only_v6 = !v4})) one.reserved = binding->release();
        return;
    }
}

bool deliver_to_own_port(const device::Packet& packet, const Arrival& arrival, u16 port) {
    for (auto& one : own_ports) {
        if (one.port != port || !one.input) continue;
        u32 size = packet.size() - u32{sizeof(Header)};
        auto allocated = memory::allocate_frames();
        if (!allocated || size > page_size) {
            count_drop(allocated ? Drop::too_big : Drop::no_memory);
            if (allocated) (void)memory::FrameRef::adopt(*allocated);
            return true;
        }
        auto frame = memory::FrameRef::adopt(*allocated);
        packet.copy_out(sizeof(Header), {frame.bytes(), size});
        one.input({frame.bytes(), size}, arrival);
        return true;
    }
    return false;
}

void send_from_own_port(u16 from, const Endpoint& to, const PathHints& hints, memory::FrameRef frame, u32 size) {
    auto path = Path::find(to.address, hints);
    if (!path) return count_drop(Drop::no_route);
    auto made = device::Packet::create();
    if (!made) return count_drop(Drop::no_memory);
    auto packet = std::move(*made);
    if (!packet->add({.frame = std::move(frame), .offset = 0, .size = size})) return;  // an empty packet has room
    auto& header = *reinterpret_cast<Header*>(packet->push(sizeof(Header)).data());
    u16 total = static_cast<u16>(size + sizeof(Header));
    header.source_port = from;
    header.destination_port = to.port;
    header.size = total;
    header.checksum = pseudo_header_sum(path->source(), path->destination(), wire::udp::protocol, total);
    packet->checksum = device::Checksum::partial;
    packet->checksum_offset = offsetof(Header, checksum);
    (void)path->send(std::move(packet), {.protocol = wire::udp::protocol});
}

}  // namespace spore::net::udp
