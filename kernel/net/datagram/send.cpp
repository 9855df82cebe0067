// Sending datagrams.
#include "kernel/net/datagram/datagram_socket.hpp"
#include "kernel/net/payload.hpp"

namespace spore::net::datagram {

Result<Endpoint> DatagramSocket::destination(const Target& target) const {
    Guard guard(lock_);
    if (shut_writing_) return fail(Error::broken_pipe);
    if (target.to) return *target.to;
    if (!connected_) return fail(Error::destination_required);
    return remote_;
}

Result<Path> DatagramSocket::find_path(const Endpoint& to, const Target& target) const {
    PathHints hints{.source = target.from, .interface = target.interface ? target.interface : to.scope, .allow_broadcast = false};
    {
        Guard guard(lock_);
        if (binding_ && hints.source.is_unspecified()) hints.source = binding_->local().address;
        // A socket bound to :: sends from IPv4 addresses to IPv4 ones; one bound to a group sends from an address that can be answered.
        if (hints.source.is_unspecified() || hints.source.is_multicast()) hints.source = IpAddress();
        if (!hints.interface && binding_) hints.interface = binding_->options().interface;
        if (!hints.interface && to.address.is_multicast()) hints.interface = options_.multicast_interface;
        hints.allow_broadcast = options_.broadcast;
    }
    return Path::find(to.address, hints);
}

IpOptions DatagramSocket::header_fields(const Path& path, u8 protocol, const Options& options, const Target& target) const {
    bool v4 = path.destination().is_v4();
    auto discovery = options.discovery(v4);
    u8 limit = path.destination().is_multicast() ? options.multicast_hop_limit : options.hop_limit;
    return {
        .protocol = protocol,
        .hop_limit = target.hop_limit >= 0 ? static_cast<u8>(target.hop_limit) : limit,
        .traffic_class = target.traffic_class >= 0 ? static_cast<u8>(target.traffic_class) : options.traffic_class,
        .dont_fragment = options.stays_whole(v4),
        .allow_fragments = !options.stays_whole(v4) && discovery != Discovery::interface,
        .by_interface = discovery >= Discovery::probe,
        .largest = v4 ? u16{0} : options.largest_packet,
        .flow_label = 0,
    };
}

Result<void> DatagramSocket::send_packet(Path& path, Owned<device::Packet> packet, const IpOptions& fields, bool loop) {
    bool many = path.destination().is_multicast();
    if (loop && many && !path.interface()->loopback() && path.interface()->is_member(path.destination())) {
        // Whoever gets no copy has lost a datagram, as any receiver may.
        if (auto copy = packet->clone()) path.send_to_self(std::move(*copy), fields);
        else count_drop(Drop::no_memory);
    }
    if (many && fields.hop_limit == 0) return {};
    return path.send(std::move(packet), fields);
}

Result<u64> DatagramSocket::send(ByteSource& from, u64 size, const Target& target) {
    auto to = TRY(destination(target));
    if (has_ports() && to.port == 0) return fail(Error::invalid);
    constexpr u64 longest = 65535, v4_header = 20;  // what the length fields tell [RFC 791, 8200]
    if (size + header_size() + (to.address.is_v4() && !options().header_included ? v4_header : 0) > longest) return fail(Error::message_too_long);
    TRY(take_error());
    TRY(ensure_bound(to));
    auto packet = TRY(packet_with_payload(from, static_cast<u32>(size), header_size()));

    u32 wanted_interface = target.interface ? target.interface : to.scope;
    Guard guard(sending_);
    bool known = path_.interface() && path_.destination() == to.address && path_source_hint_ == target.from && path_interface_hint_ == wanted_interface;
    if (!known) {
        path_ = TRY(find_path(to, target));
        path_source_hint_ = target.from;
        path_interface_hint_ = wanted_interface;
    }
    if (auto sent = send_on(path_, std::move(packet), to, target); !sent) {
        if (sent.error() == Error::message_too_long) queue_too_big(path_, to);
        return fail(sent.error());
    }
    return size;
}

}  // namespace spore::net::datagram
