// Numbers and structures of the Internet families [linux/in.h, in6.h, tcp.h, udp.h]; the same on x86-64 and arm64.
#pragma once

#include "base/bytes.hpp"

namespace spore::linux {

enum IpProtocol : i32 { protocol_ip = 0, protocol_icmp = 1, protocol_tcp = 6, protocol_udp = 17, protocol_ipv6 = 41, protocol_icmpv6 = 58 };
inline constexpr i32 level_ip = 0, level_tcp = 6, level_udp = 17, level_ipv6 = 41, level_raw = 255, level_icmpv6 = 58;

enum IpOption : i32 {
    ip_tos = 1, ip_ttl = 2, ip_header_included = 3, ip_options = 4, ip_router_alert = 5, ip_receive_options = 6, ip_return_options = 7, ip_packet_info = 8, ip_mtu_discover = 10,
    ip_receive_errors = 11, ip_receive_ttl = 12, ip_receive_tos = 13, ip_mtu = 14, ip_free_bind = 15, ip_transparent = 19,
    ip_receive_original = 20, ip_least_ttl = 21, ip_no_fragment = 22, ip_bind_no_port = 24, ip_multicast_interface = 32, ip_multicast_ttl = 33,
    ip_multicast_loop = 34, ip_join = 35, ip_leave = 36, ip_leave_source = 40, ip_join_source = 39,
    mcast_join = 42, mcast_leave = 45, mcast_join_source = 46, mcast_leave_source = 47, ip_multicast_all = 49, ip_unicast_interface = 50,
};
enum Ipv6Option : i32 {
    ipv6_old_packet_info = 2, ipv6_checksum = 7, ipv6_old_hop_limit = 8, ipv6_header_included = 36,  // old: RFC 2292's
    ipv6_unicast_hops = 16, ipv6_multicast_interface = 17, ipv6_multicast_hops = 18, ipv6_multicast_loop = 19, ipv6_join = 20, ipv6_leave = 21,
    ipv6_mtu_discover = 23, ipv6_mtu = 24, ipv6_receive_errors = 25, ipv6_only = 26, ipv6_multicast_all = 29, ipv6_receive_packet_info = 49,
    ipv6_packet_info = 50, ipv6_receive_hop_limit = 51, ipv6_hop_limit = 52, ipv6_dont_fragment = 62, ipv6_receive_class = 66, ipv6_class = 67,
    ipv6_auto_flow_label = 70, ipv6_address_preferences = 72, ipv6_least_hops = 73, ipv6_transparent = 75, ipv6_free_bind = 78,
};
/// ICMP_FILTER of SOL_RAW, and ICMPV6_FILTER of SOL_ICMPV6.
inline constexpr i32 icmp_filter = 1;
enum TcpOption : i32 {
    tcp_no_delay = 1, tcp_max_segment = 2, tcp_cork = 3, tcp_keep_idle = 4, tcp_keep_interval = 5, tcp_keep_count = 6, tcp_syn_count = 7,
    tcp_linger2 = 8, tcp_defer_accept = 9, tcp_window_clamp = 10, tcp_info = 11, tcp_quick_ack = 12, tcp_congestion = 13,
    tcp_user_timeout = 18, tcp_fast_open = 23, tcp_timestamp = 24, tcp_not_sent_low = 25, tcp_fast_open_connect = 30,
    tcp_upper_protocol = 31, tcp_inq = 36,
};
enum UdpOption : i32 { udp_cork = 1, udp_encapsulation = 100, udp_no_check6_send = 101, udp_no_check6_receive = 102, udp_segment = 103, udp_gro = 104 };

/// struct sockaddr_in
struct InetAddress {
    u16 family;
    be16 port;
    be32 address;
    u8 zero[8];
};
static_assert(sizeof(InetAddress) == 16);
/// struct sockaddr_in6
struct Inet6Address {
    u16 family;
    be16 port;
    be32 flow;
    u8 address[16];
    u32 scope;
};
static_assert(sizeof(Inet6Address) == 28);
/// What older programs give for a sockaddr_in6: without the scope [RFC 2133].
inline constexpr u32 least_inet6_address = 24;

/// struct in_pktinfo
struct InetPacketInfo {
    i32 interface;
    be32 local, destination;
};
static_assert(sizeof(InetPacketInfo) == 12);
/// struct in6_pktinfo
struct Inet6PacketInfo {
    u8 address[16];
    u32 interface;
};
static_assert(sizeof(Inet6PacketInfo) == 20);

/// struct tcp_info
struct TcpInfo {
    u8 state, congestion_state, retransmits, probes, backoff, options, scales, flags;
    u32 rto, ato, send_mss, receive_mss, unacked, sacked, lost, retransmitted, forward_acked;
    u32 last_data_sent, last_ack_sent, last_data_received, last_ack_received;
    u32 path_mtu, receive_threshold, rtt, rtt_variance, slow_start_threshold, congestion_window, advertised_mss, reordering;
    u32 receive_rtt, receive_space, total_retransmits;
    u64 pacing_rate, most_pacing_rate, bytes_acked, bytes_received;
    u32 segments_out, segments_in, not_sent_bytes, min_rtt, data_segments_in, data_segments_out;
    u64 delivery_rate, busy_time, window_limited, buffer_limited;
    u32 delivered, delivered_ce;
    u64 bytes_sent, bytes_retransmitted;
    u32 duplicate_sacks, reordering_seen, out_of_order_packets, send_window;
};
static_assert(sizeof(TcpInfo) == 232);

/// struct sock_extended_err
struct ExtendedError {
    u32 number;
    u8 origin, type, code, padding;
    u32 info, data;
};
static_assert(sizeof(ExtendedError) == 16);
enum ErrorOrigin : u8 { origin_local = 1, origin_icmp = 2, origin_icmp6 = 3, origin_zerocopy = 5 };

}  // namespace spore::linux
