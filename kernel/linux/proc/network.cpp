// /proc/net: interfaces, addresses, routes, neighbours and counters, in the form that programs parse [proc(5)].
#include "kernel/linux/proc/network.hpp"

#include "arch/cpu.hpp"
#include "kernel/linux/small_text.hpp"
#include "kernel/linux/socket/inet/interface_ioctl.hpp"
#include "kernel/linux/socket/inet/interface_view.hpp"
#include "kernel/net/ip/neighbour.hpp"
#include "kernel/net/ip/route.hpp"
#include "kernel/net/start.hpp"
#include "kernel/net/tcp/connection.hpp"

namespace spore::linux::proc {

namespace {

Result<void> show_devices(TextSink& out, u32) {
    TRY(out.write("Inter-|   Receive                                                |  Transmit\n"
                  " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed\n"));
    Result<void> result;
    for_each_interface([&](const net::Interface& interface) {
        auto sum = counters_of(interface);
        if (result)
            result = out.print("{}: {} {} {} {} 0 0 0 0 {} {} 0 {} 0 0 0 0\n", interface.name(), sum.bytes_received, sum.packets_received, sum.receive_errors,
                               sum.receive_no_memory, sum.bytes_sent, sum.packets_sent, sum.send_queue_full);
    });
    return result;
}

/// softnet_stat: a line for each CPU. Which one received a packet is not counted: the first stands for all.
Result<void> show_receivers(TextSink& out, u32) {
    u64 received = 0, dropped = 0;
    for_each_interface([&](const net::Interface& interface) {
        auto sum = counters_of(interface);
        received += sum.packets_received, dropped += sum.receive_no_memory;
    });
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) {
        constexpr u32 columns = 13;
        const u64 numbers[columns] = {cpu ? 0 : received, cpu ? 0 : dropped, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, cpu};
        for (u32 i = 0; i < columns; ++i) TRY(out.print("{}{}", std::string_view(Hex(numbers[i], 8)), i + 1 < columns ? ' ' : '\n'));
    }
    return {};
}

/// As the number lies in memory: Linux prints addresses in network order as if they were little-endian.
Hex swapped(u32 address) { return Hex(__builtin_bswap32(address), 8); }

struct RouteList {
    HeapArray<net::Route> all;
    std::size_t count;
    static Result<RouteList> read() {
        RouteList list{TRY(HeapArray<net::Route>::create(net::max_routes)), 0};
        list.count = std::min<std::size_t>(net::routes(list.all.span()), list.all.size());
        return list;
    }
    auto view() { return all.span().first(count); }
};
std::string_view interface_name(u32 index) {
    auto* interface = net::interface(index);
    return interface ? interface->name() : "*";
}

Result<void> show_routes(TextSink& out, u32) {
    TRY(out.write("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"));
    auto list = TRY(RouteList::read());
    for (auto& route : list.view()) {
        if (!route.prefix.base.is_v4()) continue;
        u32 bits = route.prefix.length - 96u;
        u32 mask = bits ? ~u32{0} << (32 - bits) : 0;
        bool through = !route.on_link();
        u32 flags = 1 | (through ? 2u : 0u);  // RTF_UP, RTF_GATEWAY
        TRY(out.print("{}\t{}\t{}\t{}\t0\t0\t{}\t{}\t0\t0\t0\n", interface_name(route.interface), std::string_view(swapped(route.prefix.base.v4_value())),
                      std::string_view(swapped(through ? route.gateway.v4_value() : 0)), std::string_view(Hex(flags, 4)), route.metric,
                      std::string_view(swapped(mask))));
    }
    return {};
}

Result<void> print_v6(TextSink& out, const net::IpAddress& address) {
    for (u8 byte : address.bytes()) {
        const char digits[] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15]};
        TRY(out.write({digits, 2}));
    }
    return {};
}

/// An address as people write it; IPv6 without shortening, which every parser takes.
class AddressText {
public:
    explicit AddressText(const net::IpAddress& address) {
        if (address.is_v4()) {
            u32 a = address.v4_value();
            size_ = format_to(text_, "{}.{}.{}.{}", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255).size();
            return;
        }
        for (unsigned i = 0; i < 16; ++i) {
            u8 byte = address.bytes()[i];
            if (i && i % 2 == 0) text_[size_++] = ':';
            text_[size_++] = "0123456789abcdef"[byte >> 4];
            text_[size_++] = "0123456789abcdef"[byte & 15];
        }
    }
    operator std::string_view() const { return {text_, size_}; }

private:
    char text_[40];
    std::size_t size_ = 0;
};

/// " %8s\n"
Result<void> print_device_name(TextSink& out, std::string_view name) {
    constexpr std::size_t width = 9;
    for (std::size_t used = name.size(); used < width; ++used) TRY(out.write(" "));
    TRY(out.write(name));
    return out.write("\n");
}

Result<void> print_prefix(TextSink& out, const net::Prefix& prefix) {
    AddressText base(prefix.base);
    return out.print("{}/{}", std::string_view(base), prefix.base.is_v4() ? prefix.length - 96u : prefix.length);
}

Result<void> show_routes_v6(TextSink& out, u32) {
    auto list = TRY(RouteList::read());
    for (auto& route : list.view()) {
        if (route.prefix.base.is_v4()) continue;
        TRY(print_v6(out, route.prefix.base));
        TRY(out.print(" {} ", std::string_view(Hex(route.prefix.length, 2))));
        TRY(print_v6(out, {}));
        TRY(out.write(" 00 "));
        TRY(print_v6(out, route.on_link() ? net::IpAddress() : route.gateway));
        TRY(out.print(" {} 00000001 00000000 {}", std::string_view(Hex(route.metric, 8)), std::string_view(Hex(route.on_link() ? 1 : 3, 8))));
        TRY(print_device_name(out, interface_name(route.interface)));
    }
    return {};
}

Result<void> show_addresses_v6(TextSink& out, u32) {
    Result<void> result;
    for_each_interface([&](const net::Interface& interface) {
        for_each_address(interface, [&](const net::InterfaceAddress& entry) {
            if (entry.address.is_v4() || !result) return;
            constexpr u32 host_scope = 0x10, link_scope = 0x20, permanent = 0x80, tentative = 0x40;
            u32 scope = entry.address.is_loopback() ? host_scope : entry.address.is_link_local() ? link_scope : 0;
            result = print_v6(out, entry.address);
            if (result)
                result = out.print(" {} {} {} {}", std::string_view(Hex(interface.index(), 2)), std::string_view(Hex(entry.prefix_length, 2)),
                                   std::string_view(Hex(scope, 2)), std::string_view(Hex(entry.tentative ? tentative : permanent, 2)));
            if (result) result = print_device_name(out, interface.name());
        });
    });
    return result;
}

Result<void> show_neighbours(TextSink& out, u32) {
    TRY(out.write("IP address       HW type     Flags       HW address            Mask     Device\n"));
    auto list = TRY(HeapArray<net::NeighbourInfo>::create(net::neighbours::max_entries));
    auto count = std::min<std::size_t>(net::neighbours::list(list.span()), list.size());
    for (auto& entry : list.span().first(count)) {
        if (!entry.address.is_v4()) continue;
        using enum net::Neighbour::State;
        bool known = entry.state != incomplete && entry.state != failed;
        u32 a = entry.address.v4_value();
        TRY(out.print("{}.{}.{}.{} 0x1 {} ", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255, known ? "0x2" : "0x0"));
        TRY(print_mac(out, known ? entry.link_address : device::MacAddress{}));
        TRY(out.print(" * {}\n", interface_name(entry.interface)));
    }
    return {};
}

/// Groups of all interfaces, each in the form of its version's file.
Result<void> show_memberships(TextSink& out, u32 v6) {
    if (!v6) TRY(out.write("Idx\tDevice    : Count Querier\tGroup    Users Timer\tReporter\n"));
    Result<void> result;
    for_each_interface([&](net::Interface& interface) {
        net::Interface::Groups groups = interface.with_groups([](auto& all) { return all; });
        auto list = std::span(groups.list, groups.count);
        auto count = std::count_if(list.begin(), list.end(), [](auto& one) { return one.address.is_v4(); });
        if (!v6 && count && result) result = out.print("{}\t{}: {} V3\n", interface.index(), interface.name(), count);
        for (auto& one : list) {
            if (!result || one.address.is_v4() == (v6 != 0)) continue;
            if (v6) {
                result = out.print("{} {} ", interface.index(), interface.name());
                if (result) result = print_v6(out, one.address);
                if (result) result = out.print(" {} 00000004 0\n", one.members);
            } else {
                result = out.print("\t\t\t\t{} {} 0:00000000\t\t0\n", std::string_view(Hex(__builtin_bswap32(one.address.v4_value()), 8)), one.members);
            }
        }
    });
    return result;
}

/// Counters under their RFC 1213 names, those that are known; the others are zero, as on a machine where it never happened.
Result<void> show_counters(TextSink& out, u32) {
    u64 received = 0, sent = 0;
    for_each_interface([&](const net::Interface& interface) {
        auto sum = counters_of(interface);
        received += sum.packets_received, sent += sum.packets_sent;
    });
    using net::Drop;
    TRY(out.print("Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests OutDiscards "
                  "OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates\n"
                  "Ip: 2 64 {} {} {} 0 {} {} {} {} {} {} {} 0 0 {} 0 {} 0\n",
                  received, net::dropped(Drop::malformed), net::dropped(Drop::not_ours), net::dropped(Drop::no_protocol), net::dropped(Drop::no_memory), received, sent,
                  net::dropped(Drop::queue_full), net::dropped(Drop::no_route), net::dropped(Drop::fragment_timeout), net::dropped(Drop::fragment_limit),
                  net::dropped(Drop::too_big)));
    u32 established = 0;
    net::tcp::for_each([](void* context, const net::tcp::Summary& socket) {
        *static_cast<u32*>(context) += socket.state == net::tcp::State::established || socket.state == net::tcp::State::close_wait;
    }, &established);
    // RTO by Van Jacobson, from 200 ms to 2 minutes; as many connections as there is memory for.
    TRY(out.print("Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors\n"
                  "Tcp: 4 200 120000 -1 0 0 0 0 {} 0 0 0 0 0 0\n", established));
    return out.print("Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti\nUdp: 0 {} {} 0 {} 0 {} 0\n",
                     net::dropped(Drop::no_port), net::dropped(Drop::checksum), net::dropped(Drop::socket_full), net::dropped(Drop::checksum));
}

/// The stack's own counters: every packet that went no further, by its reason.
Result<void> show_drops(TextSink& out, u32) {
    TRY(out.write("TcpExt:"));
    for (auto* name : net::drop_names) TRY(out.print(" Drop_{}", name));
    TRY(out.write("\nTcpExt:"));
    for (unsigned reason = 0; reason < net::drop_reasons; ++reason) TRY(out.print(" {}", net::dropped(static_cast<net::Drop>(reason))));
    return out.write("\n");
}

/// Linux's file for what DHCP told it while it started, to which /etc/resolv.conf may be a link; here it goes with the network's changes.
Result<void> show_resolver(TextSink& out, u32) {
    auto resolver = net::resolver();
    if (resolver.search[0]) TRY(out.print("search {}\n", std::string_view(resolver.search)));
    for (auto& server : std::span(resolver.servers).first(resolver.count)) {
        AddressText text(server);
        TRY(out.print("nameserver {}\n", std::string_view(text)));
    }
    return {};
}

constexpr TableRow rows[] = {
    {.path = "arp", .produce = show_neighbours},
    {.path = "dev", .produce = show_devices},
    {.path = "icmp", .produce = [](TextSink& out, u32) { return show_ping(out, 0); }},
    {.path = "icmp6", .produce = [](TextSink& out, u32) { return show_ping(out, 1); }},
    {.path = "if_inet6", .produce = show_addresses_v6},
    {.path = "igmp", .produce = [](TextSink& out, u32) { return show_memberships(out, 0); }},
    {.path = "igmp6", .produce = [](TextSink& out, u32) { return show_memberships(out, 1); }},
    {.path = "ipv6_route", .produce = show_routes_v6},
    {.path = "netstat", .produce = show_drops},
    {.path = "packet", .produce = [](TextSink& out, u32) { return show_packet_sockets(out); }},
    {.path = "pnp", .produce = show_resolver},
    {.path = "raw", .produce = [](TextSink& out, u32) { return show_raw(out, 0); }},
    {.path = "raw6", .produce = [](TextSink& out, u32) { return show_raw(out, 1); }},
    {.path = "route", .produce = show_routes},
    {.path = "softnet_stat", .produce = show_receivers},
    {.path = "snmp", .produce = show_counters},
    {.path = "sockstat", .produce = [](TextSink& out, u32) { return show_socket_counts(out); }},
    {.path = "tcp", .produce = [](TextSink& out, u32) { return show_tcp(out, 0); }},
    {.path = "tcp6", .produce = [](TextSink& out, u32) { return show_tcp(out, 1); }},
    {.path = "udp", .produce = [](TextSink& out, u32) { return show_udp(out, 0); }},
    {.path = "udp6", .produce = [](TextSink& out, u32) { return show_udp(out, 1); }},
    {.path = "unix", .produce = [](TextSink& out, u32) { return show_unix(out); }},
};

}  // namespace

Result<void> print_mac(TextSink& out, const device::MacAddress& mac) {
    for (std::size_t i = 0; i < mac.bytes.size(); ++i) {
        u8 byte = mac.bytes[i];
        const char digits[] = {"0123456789abcdef"[byte >> 4], "0123456789abcdef"[byte & 15], ':'};
        TRY(out.write({digits, i < 5 ? 3u : 2u}));
    }
    return {};
}

Result<void> show_network(TextSink& out) {
    Result<void> result;
    for_each_interface([&](const net::Interface& interface) {
        if (result) result = out.print("interface {} ", interface.name());
        if (result) result = print_mac(out, interface.mac());
        if (result) result = out.print(" {} {}\n", interface.mtu(), interface.up() ? "up" : "down");
        for_each_address(interface, [&](const net::InterfaceAddress& entry) {
            if (result) result = out.write("address ");
            if (result) result = print_prefix(out, entry.network());
            if (result) result = out.print(" {}\n", entry.tentative ? "tentative" : entry.deprecated ? "deprecated" : "preferred");
        });
    });
    TRY(result);
    auto list = TRY(RouteList::read());
    for (auto& route : list.view()) {
        TRY(out.write("route "));
        TRY(print_prefix(out, route.prefix));
        AddressText gateway(route.gateway);
        TRY(out.print(" {} {} {}\n", route.on_link() ? std::string_view("-") : std::string_view(gateway), interface_name(route.interface), route.metric));
    }
    return {};
}

Result<Shared<fs::generated::Node>> make_network_directory() { return make_table_tree(rows); }

}  // namespace spore::linux::proc
