// What goes beside a datagram [ip(7), ipv6(7), RFC 3542]: where it came in, with which header fields, when, and how it is to leave.
#include "kernel/linux/socket/inet/datagram_socket.hpp"
#include "kernel/linux/uapi/inet.hpp"
#include "kernel/net/interface.hpp"

namespace spore::linux {

namespace datagram = net::datagram;

namespace {

Result<i16> header_byte(ByteSpan body) {
    i32 value = TRY(option_number(body));
    if (value < -1 || value > 255) return fail(Error::invalid);
    return static_cast<i16>(value);
}

Result<void> read_message(datagram::Target& target, i32 level, i32 type, ByteSpan body) {
    if (level == level_ip) {
        switch (type) {
        case ip_packet_info: {
            auto info = TRY(value_as<InetPacketInfo>(body));
            target.interface = static_cast<u32>(info.interface);
            if (info.local) target.from = net::IpAddress::v4(info.local);
            return {};
        }
        case ip_ttl: target.hop_limit = TRY(header_byte(body)); return target.hop_limit == 0 ? fail(Error::invalid) : Result<void>{};
        case ip_tos: target.traffic_class = TRY(header_byte(body)); return {};
        default: return fail(Error::invalid);
        }
    }
    if (level == level_ipv6) {
        switch (type) {
        case ipv6_packet_info: {
            auto info = TRY(value_as<Inet6PacketInfo>(body));
            target.interface = info.interface;
            std::array<u8, 16> bytes;
            std::memcpy(bytes.data(), info.address, sizeof info.address);
            target.from = net::IpAddress::v6(bytes);
            return {};
        }
        case ipv6_hop_limit: target.hop_limit = TRY(header_byte(body)); return {};
        case ipv6_class: target.traffic_class = TRY(header_byte(body)); return {};
        default: return fail(Error::invalid);
        }
    }
    if (level == level_udp) {
        if (type != udp_segment) return fail(Error::invalid);
        target.segment_size = TRY(value_as<u16>(body));
    }
    return {};
}

}  // namespace

Result<datagram::Target> DatagramSocket::read_target(const SendRequest& request) const {
    datagram::Target target;
    target.interface = options().interface;
    ByteSpan rest = request.control;
    while (rest.size() >= sizeof(ControlHeader)) {
        ControlHeader header;
        std::memcpy(&header, rest.data(), sizeof header);
        if (header.size < sizeof header || header.size > rest.size()) return fail(Error::invalid);
        TRY(read_message(target, header.level, header.type, rest.subspan(sizeof header, header.size - sizeof header)));
        rest = rest.subspan(std::min<u64>(rest.size(), align_up(header.size, sizeof(u64))));
    }
    return target;
}

Result<void> DatagramSocket::give_control(ReceiveRequest& request, const datagram::Received& received) {
    auto put = [&]<typename T>(i32 level, i32 type, const T& body) { return request.control->put(level, type, bytes_of(body), request.result_flags); };
    TRY(put_timestamp(request, received.at));
    TRY(put_drops(request, received.drops));
    bool v4 = received.to.is_v4();
    if (v4 && has(packet_info)) {
        InetPacketInfo info{.interface = static_cast<i32>(received.interface), .local = {}, .destination = {}};
        info.destination = received.to.v4_value();
        info.local = received.to.v4_value();
        TRY(put(level_ip, ip_packet_info, info));
    }
    if (v4 && has(receive_ttl)) TRY(put(level_ip, ip_ttl, i32{received.hop_limit}));
    if (v4 && has(receive_tos)) TRY(put(level_ip, ip_tos, received.traffic_class));
    if (v4 && has(original_destination)) {
        auto local = inet::to_socket_address({received.to, endpoint_->local().port}, family_inet);
        TRY(request.control->put(level_ip, ip_receive_original, local.view(), request.result_flags));
    }
    Inet6PacketInfo info{.address = {}, .interface = received.interface};
    std::memcpy(info.address, received.to.bytes().data(), sizeof info.address);
    if (is_v6() && has(v6_packet_info)) TRY(put(level_ipv6, ipv6_packet_info, info));
    if (is_v6() && !v4 && has(v6_hop_limit)) TRY(put(level_ipv6, ipv6_hop_limit, i32{received.hop_limit}));
    if (is_v6() && !v4 && has(v6_class)) TRY(put(level_ipv6, ipv6_class, i32{received.traffic_class}));
    if (is_v6() && !v4 && has(old_v6_packet_info)) TRY(put(level_ipv6, ipv6_old_packet_info, info));
    if (is_v6() && !v4 && has(old_v6_hop_limit)) TRY(put(level_ipv6, ipv6_old_hop_limit, i32{received.hop_limit}));
    if (received.segment_size) TRY(put(level_udp, udp_gro, i32{received.segment_size}));
    return {};
}

}  // namespace spore::linux
