// A guest's network as its /proc tells it: taking the texts apart. Pure. What cannot be understood is left out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"

namespace spore::host {

struct GuestInterface {
    std::string name, mac, state;
    u32 mtu = 0;
    struct Address {
        std::string text;   ///< with its prefix's length
        std::string state;  ///< preferred, deprecated, tentative
    };
    std::vector<Address> addresses;
    struct Traffic {
        u64 bytes = 0, packets = 0, errors = 0, dropped = 0;
    };
    Traffic received, sent;
};

struct GuestRoute {
    std::string prefix, gateway, interface;  ///< no gateway: on the link
    u32 metric = 0;
};

struct GuestSocket {
    std::string protocol;       ///< tcp, udp, raw, icmp
    std::string state;          ///< as `ss` says it: LISTEN, ESTAB …
    std::string local, remote;  ///< 10.0.2.15:80, [fe80::1]:80; * for any address or port
    u64 send_queue = 0, receive_queue = 0;  ///< bytes
    u64 inode = 0;              ///< 0 when no program has it any more
};

struct GuestDrop {
    std::string reason;
    u64 packets = 0;
};

struct GuestNetwork {
    std::vector<GuestInterface> interfaces;
    std::vector<GuestRoute> routes;
    std::vector<std::string> resolvers;
    std::vector<GuestSocket> sockets;
    std::vector<GuestDrop> drops;  ///< only reasons that occurred

    void take_layout(std::string_view text);     ///< /proc/spore/network
    void take_counters(std::string_view text);   ///< /proc/net/dev
    void take_resolver(std::string_view text);   ///< /proc/net/pnp
    void take_drops(std::string_view text);      ///< /proc/net/netstat
    /// /proc/net/tcp and its like; `file` is its name there.
    void take_sockets(std::string_view file, std::string_view text);
};

}  // namespace spore::host
