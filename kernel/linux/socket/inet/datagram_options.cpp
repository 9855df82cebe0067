// The options of datagram sockets but those of groups [udp(7), ip(7), ipv6(7), raw(7)].
#include "kernel/linux/socket/inet/datagram_socket.hpp"
#include "kernel/linux/socket/inet/memberships.hpp"
#include "kernel/linux/uapi/inet.hpp"
#include "kernel/net/interface.hpp"

namespace spore::linux {

namespace datagram = net::datagram;

namespace {

/// struct icmp_filter and icmp6_filter: types that are not wanted, and the size that each has.
constexpr std::size_t filter_size(bool v6) { return v6 ? sizeof(datagram::TypeFilter) : sizeof(u32); }

}  // namespace

InetSocket::HeaderFields DatagramSocket::header_fields() {
    auto all = endpoint_->options();
    return {all.hop_limit, all.traffic_class};
}
Result<void> DatagramSocket::set_header_fields(const HeaderFields& fields) {
    return change([&](datagram::Options& all) { all.hop_limit = fields.hop_limit, all.traffic_class = fields.traffic_class; });
}
Result<void> DatagramSocket::ip_choice_set() {
    return change([&](datagram::Options& all) {
        all.discovery_v4 = static_cast<datagram::Discovery>(choice(IpChoice::discovery_v4));
        all.discovery_v6 = static_cast<datagram::Discovery>(choice(IpChoice::discovery_v6));
    });
}
void DatagramSocket::ip_switch_set(IpSwitch which) {
    if (which == multicast_all) (void)change([&](datagram::Options& all) { all.multicast_all = has(multicast_all); });
    if (which == receive_errors || which == v6_receive_errors)
        (void)change([&](datagram::Options& all) { all.receive_errors = has(receive_errors) || has(v6_receive_errors); });
}

Result<u32> DatagramSocket::path_mtu() {
    auto peer = TRY(endpoint_->remote());
    auto* way = net::interface_with(endpoint_->local().address);
    return peer.address.is_loopback() || !way ? 65'536 : way->mtu();
}

Result<void> DatagramSocket::option_set(i32 name) {
    auto all = options();
    switch (name) {
    case so_reuse_address: return change([&](datagram::Options& o) { o.reuse_address = is_on(so_reuse_address); });
    case so_tell_drops: return change([&](datagram::Options& o) { o.tell_drops = is_on(so_tell_drops); });
    case so_broadcast: return change([&](datagram::Options& o) { o.broadcast = is_on(so_broadcast); });
    case so_timestamp:
    case so_timestamp_ns: return change([&](datagram::Options& o) { o.timestamps = is_on(so_timestamp) || is_on(so_timestamp_ns); });
    case so_attach_filter:
    case so_detach_filter: return change([&](datagram::Options& o) { o.filter = all.filter; });
    case so_no_check: return change([&](datagram::Options& o) { o.no_checksum = is_on(so_no_check); });
    case so_send_buffer:
    case so_send_buffer_force: return change([&](datagram::Options& o) { o.send_buffer = all.send_buffer; });
    case so_receive_buffer:
    case so_receive_buffer_force: return change([&](datagram::Options& o) { o.receive_buffer = all.receive_buffer; });
    default: return {};
    }
}

Result<u64> DatagramSocket::get_transport_option(i32 level, i32 name, MutableByteSpan value) {
    auto all = endpoint_->options();
    if (level == level_udp && is_udp()) {
        switch (name) {
        case udp_cork: return give_option(value, corked());
        case udp_encapsulation: return give_option(value, 0);
        case udp_no_check6_send: return give_option(value, all.no_checksum);
        case udp_no_check6_receive: return give_option(value, 0);
        case udp_segment: return give_option(value, all.segment_size);
        case udp_gro: return give_option(value, all.merge_received);
        default: return fail(Error::no_protocol_option);
        }
    }
    if (is_raw_option(level, name)) return get_raw_option(level, name, value);
    if (level == level_ip) {
        switch (name) {
        case ip_multicast_ttl: return give_option(value, all.multicast_hop_limit);
        case ip_multicast_loop: return give_option(value, all.multicast_loop);
        case ip_multicast_interface:
        case ip_unicast_interface: return give_option(value, static_cast<i32>(all.multicast_interface));
        default: return fail(Error::no_protocol_option);
        }
    }
    if (level == level_ipv6) {
        switch (name) {
        case ipv6_dont_fragment: return give_option(value, all.dont_fragment);
        case ipv6_multicast_hops: return give_option(value, all.multicast_hop_limit);
        case ipv6_multicast_loop: return give_option(value, all.multicast_loop);
        case ipv6_multicast_interface: return give_option(value, static_cast<i32>(all.multicast_interface));
        default: return fail(Error::no_protocol_option);
        }
    }
    return fail(unknown_level());
}

/// Whether it is one of raw sockets' own.
bool DatagramSocket::is_raw_option(i32 level, i32 name) const {
    if (!is_raw()) return false;
    if (level == level_raw) return is_v6() ? name == ipv6_checksum : name == icmp_filter && protocol() == protocol_icmp;
    if (level == level_icmpv6) return is_v6() && name == icmp_filter && protocol() == protocol_icmpv6;
    return level == level_ip ? name == ip_header_included : level == level_ipv6 && (name == ipv6_header_included || name == ipv6_checksum);
}

Result<u64> DatagramSocket::get_raw_option(i32 level, i32 name, MutableByteSpan value) {
    auto all = endpoint_->options();
    bool filter = name == icmp_filter && level != level_ip && level != level_ipv6;
    if (filter) return give_option(value, bytes_of(endpoint_->type_filter()).first(filter_size(is_v6())));
    bool included = level == level_ip ? name == ip_header_included : name == ipv6_header_included;
    return give_option(value, included ? i32{all.header_included} : all.checksum_offset);
}

Result<void> DatagramSocket::set_raw_option(i32 level, i32 name, ByteSpan value) {
    if (level == level_icmpv6 || (level == level_raw && !is_v6())) {
        datagram::TypeFilter blocked{};
        std::memcpy(blocked.data(), value.data(), std::min(value.size(), filter_size(is_v6())));
        endpoint_->set_type_filter(blocked);
        return {};
    }
    i32 number = TRY(option_number(value));
    if (level == level_ip ? name == ip_header_included : name == ipv6_header_included)
        return change([&](datagram::Options& all) { all.header_included = number != 0; });
    // ICMPv6's is the kernel's affair [RFC 3542 3.1].
    if ((protocol() == protocol_icmpv6 && level == level_ipv6) || number < -1 || (number > 0 && number % 2)) return fail(Error::invalid);
    return change([&](datagram::Options& all) { all.checksum_offset = number; });
}

Result<void> DatagramSocket::set_transport_option(i32 level, i32 name, ByteSpan value) {
    if (level == level_udp && is_udp()) {
        i32 number = TRY(option_number(value));
        switch (name) {
        case udp_cork: return set_corked(number != 0);
        case udp_no_check6_send: return change([&](datagram::Options& all) { all.no_checksum = number != 0; });
        case udp_no_check6_receive: return {};
        case udp_segment:
            if (number < 0 || number > 65535) return fail(Error::invalid);
            return change([&](datagram::Options& all) { all.segment_size = static_cast<u16>(number); });
        case udp_gro: return change([&](datagram::Options& all) { all.merge_received = number != 0; });
        default: return fail(Error::no_protocol_option);
        }
    }
    bool v4 = level == level_ip;
    if (is_raw_option(level, name)) return set_raw_option(level, name, value);
    if (!v4 && level != level_ipv6) return fail(Error::no_protocol_option);
    if (is_membership(level, name)) return set_membership(level, name, value);
    if (v4 ? name == ip_multicast_interface || name == ip_unicast_interface : name == ipv6_multicast_interface) return set_multicast_interface(level, value);
    i32 number = TRY(option_number(value));
    if (!v4 && name == ipv6_dont_fragment) return change([&](datagram::Options& all) { all.dont_fragment = number != 0; });
    if (v4 ? name == ip_multicast_ttl : name == ipv6_multicast_hops) {
        if (number < -1 || number > 255) return fail(Error::invalid);
        return change([&](datagram::Options& all) { all.multicast_hop_limit = number == -1 ? 1 : static_cast<u8>(number); });
    }
    if (!v4 && name == ipv6_multicast_loop && number != 0 && number != 1) return fail(Error::invalid);
    if (v4 ? name == ip_multicast_loop : name == ipv6_multicast_loop) return change([&](datagram::Options& all) { all.multicast_loop = number != 0; });
    return fail(Error::no_protocol_option);
}

}  // namespace spore::linux
