// Netlink's messages, rtnetlink's and those about sockets [netlink(7), rtnetlink(7), sock_diag(7), linux/rtnetlink.h, if_link.h, neighbour.h, inet_diag.h].
#pragma once

#include "base/types.hpp"

namespace spore::linux {

/// struct sockaddr_nl
struct NetlinkAddress {
    u16 family, padding;
    u32 port, groups;
};
static_assert(sizeof(NetlinkAddress) == 12);
inline constexpr i32 netlink_route = 0, netlink_sockets = 4, level_netlink = 270;

/// struct nlmsghdr
struct NetlinkHeader {
    u32 size;
    u16 type, flags;
    u32 sequence, port;
};
static_assert(sizeof(NetlinkHeader) == 16);
enum NetlinkType : u16 {
    netlink_noop = 1, netlink_error = 2, netlink_done = 3,
    new_link = 16, get_link = 18, new_address = 20, get_address = 22, new_route = 24, get_route = 26, new_neighbour = 28, get_neighbour = 30,
    new_rule = 32, get_rule = 34, last_route_type = 123,
    sockets_by_family = 20, destroy_socket = 21,  // NETLINK_SOCK_DIAG's
};
enum NetlinkFlag : u16 { netlink_request = 1, netlink_multi = 2, netlink_acknowledge = 4, netlink_dump = 0x300 };

/// struct rtattr
struct RouteAttribute {
    u16 size, type;
};
/// struct ifinfomsg
struct LinkMessage {
    u8 family, padding;
    u16 type;
    i32 index;
    u32 flags, change;
};
static_assert(sizeof(LinkMessage) == 16);
enum LinkAttribute : u16 {
    link_address = 1, link_broadcast = 2, link_name = 3, link_mtu = 4, link_queue = 6, link_queue_length = 13, link_state = 16, link_mode = 17,
    link_statistics64 = 23, link_group = 27, link_send_queues = 31, link_receive_queues = 32, link_carrier = 33,
};
/// The beginning of struct rtnl_link_stats64.
struct LinkStatistics {
    u64 packets_received, packets_sent, bytes_received, bytes_sent, receive_errors, send_errors, receive_dropped, send_dropped, multicast,
        collisions, others[14];
};
static_assert(sizeof(LinkStatistics) == 192);

/// struct ifaddrmsg
struct AddressMessage {
    u8 family, prefix_length, flags, scope;
    u32 index;
};
enum AddressAttribute : u16 { address_address = 1, address_local = 2, address_label = 3, address_broadcast = 4, address_cache = 6, address_flags = 8 };
enum AddressFlag : u8 { address_deprecated = 0x20, address_tentative = 0x40, address_permanent = 0x80 };
/// struct ifa_cacheinfo
struct AddressCache {
    u32 preferred_seconds, valid_seconds, created, changed;
};

/// struct rtmsg
struct RouteMessage {
    u8 family, destination_length, source_length, service, table, protocol, scope, type;
    u32 flags;
};
static_assert(sizeof(RouteMessage) == 12);
enum RouteAttributeType : u16 {
    route_destination = 1, route_interface = 4, route_gateway = 5, route_priority = 6, route_source = 7, route_cache_info = 12, route_table = 15
};
/// struct rta_cacheinfo: what Linux knows of a route that it keeps for a while.
struct RouteCacheInfo {
    u32 users, last_use, expires, error, used, id, time, age;
};
enum RouteScope : u8 { scope_universe = 0, scope_link = 253, scope_host = 254 };

/// struct fib_rule_hdr
struct RuleMessage {
    u8 family, destination_length = 0, source_length = 0, service = 0, table, reserved[2] = {}, action;
    u32 flags = 0;
};
static_assert(sizeof(RuleMessage) == 12);
enum RuleAttribute : u16 { rule_priority = 6, rule_suppress_prefix = 14, rule_table = 15, rule_protocol = 21 };

/// struct ndmsg
struct NeighbourMessage {
    u8 family, padding0;
    u16 padding1;
    i32 index;
    u16 state;
    u8 flags, type;
};
static_assert(sizeof(NeighbourMessage) == 12);
enum NeighbourAttribute : u16 { neighbour_destination = 1, neighbour_link_address = 2 };

/// struct inet_diag_sockid: ports and addresses as on the wire.
struct SocketIdentity {
    static constexpr u32 no_cookie = ~u32{0};
    u16 source_port, destination_port;
    std::byte source[16], destination[16];
    u32 interface;
    u32 cookie[2];
};
static_assert(sizeof(SocketIdentity) == 48);
/// struct inet_diag_req_v2
struct SocketRequest {
    u8 family, protocol, extensions, padding;
    u32 states;  ///< a bit for each
    SocketIdentity identity;
};
static_assert(sizeof(SocketRequest) == 56);
/// struct inet_diag_msg
struct SocketMessage {
    u8 family, state, timer, retransmits;
    SocketIdentity identity;
    u32 expires, receive_queue, send_queue, user, inode;
};
static_assert(sizeof(SocketMessage) == 72);

}  // namespace spore::linux
