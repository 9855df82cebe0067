// Sending datagrams.
#include "kernel/net/payload.hpp"
#include "kernel/net/udp/udp_socket.hpp"
#include "wire/net/udp.hpp"

namespace spore::net::udp {

using wire::udp::Header;

namespace {
/// The largest payload that IPv4 and the UDP length field carry [RFC 768, 791].
constexpr u64 largest_v4 = 65535 - 20 - sizeof(Header), largest_v6 = 65535 - sizeof(Header);
}  // namespace

Result<Endpoint> UdpSocket::destination(const Target& target) const {
    Guard guard(lock_);
    if (shut_writing_) return fail(Error::broken_pipe);
    if (target.to) return *target.to;
    if (!connected_) return fail(Error::destination_required);
    return remote_;
}

Result<Path> UdpSocket::find_path(const Endpoint& to, const Target& target) const {
    PathHints hints{.source = target.from, .interface = target.interface ? target.interface : to.scope, .allow_broadcast = false};
    {
        Guard guard(lock_);
        if (binding_ && hints.source.is_unspecified()) hints.source = binding_->local().address;
        // A socket bound to :: sends from IPv4 addresses to IPv4 ones.
        if (hints.source.is_unspecified()) hints.source = IpAddress();
        if (!hints.interface && binding_) hints.interface = binding_->options().interface;
        if (!hints.interface && to.address.is_multicast()) hints.interface = options_.multicast_interface;
        hints.allow_broadcast = options_.broadcast;
    }
    return Path::find(to.address, hints);
}

Result<void> UdpSocket::send_on(Path& path, Owned<device::Packet> packet, u16 to_port, const Target& target) {
    u32 size = packet->size() + sizeof(Header);
    auto& header = *reinterpret_cast<Header*>(packet->push(sizeof(Header)).data());
    packet->mark(device::Layer::transport);
    auto options = this->options();
    header.source_port = port();
    header.destination_port = to_port;
    header.size = static_cast<u16>(size);
    if (options.no_checksum && path.destination().is_v4()) {
        header.checksum = 0;
    } else {
        header.checksum = pseudo_header_sum(path.source(), path.destination(), wire::udp::protocol, size);
        packet->checksum = device::Checksum::partial;
        packet->checksum_offset = offsetof(Header, checksum);
    }
    u16 segment = target.segment_size ? target.segment_size : options.segment_size;
    if (segment && size - sizeof(Header) > segment) {
        packet->segmentation = device::Segmentation::udp;
        packet->segment_size = segment;
    }
    bool many = path.destination().is_multicast();
    u8 limit = many ? options.multicast_hop_limit : options.hop_limit;
    return path.send(std::move(packet), {
        .protocol = wire::udp::protocol,
        .hop_limit = target.hop_limit >= 0 ? static_cast<u8>(target.hop_limit) : limit,
        .traffic_class = target.traffic_class >= 0 ? static_cast<u8>(target.traffic_class) : options.traffic_class,
        .dont_fragment = options.dont_fragment,
        .allow_fragments = !options.dont_fragment,
        .flow_label = 0,
    });
}

Result<u64> UdpSocket::send(ByteSource& from, u64 size, const Target& target) {
    TRY(take_error());
    auto to = TRY(destination(target));
    if (to.port == 0) return fail(Error::invalid);
    if (size > (to.address.is_v4() ? largest_v4 : largest_v6)) return fail(Error::message_too_long);
    TRY(ensure_bound(to));
    auto packet = TRY(packet_with_payload(from, static_cast<u32>(size), sizeof(Header)));

    u32 wanted_interface = target.interface ? target.interface : to.scope;
    Guard guard(sending_);
    bool known = path_.interface() && path_.destination() == to.address && path_source_hint_ == target.from && path_interface_hint_ == wanted_interface;
    if (!known) {
        path_ = TRY(find_path(to, target));
        path_source_hint_ = target.from;
        path_interface_hint_ = wanted_interface;
    }
    TRY(send_on(path_, std::move(packet), to.port, target));
    return size;
}

}  // namespace spore::net::udp
