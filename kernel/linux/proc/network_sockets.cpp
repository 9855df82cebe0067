// /proc/net/tcp, udp and their like: every socket of the machine [proc(5), linux Documentation/networking/proc_net_tcp].
#include "kernel/linux/proc/network.hpp"
#include "kernel/linux/socket/inet/tcp_state.hpp"
#include "kernel/linux/socket/unix/unix_socket.hpp"
#include "kernel/net/link/socket.hpp"
#include "kernel/net/ping/ping.hpp"
#include "kernel/net/raw/raw.hpp"
#include "kernel/net/tcp/connection.hpp"
#include "kernel/net/udp/udp.hpp"

namespace spore::linux::proc {

namespace {

/// Address and port, words as they lie in memory.
Result<void> print_endpoint(TextSink& out, const net::Endpoint& endpoint, bool v6) {
    if (v6) {
        for (std::size_t word = 0; word < 4; ++word) {
            u32 value;
            std::memcpy(&value, endpoint.address.bytes().data() + word * sizeof value, sizeof value);
            TRY(out.write(Hex(value, 8)));
        }
    } else {
        TRY(out.write(Hex(endpoint.address.is_v4() ? __builtin_bswap32(endpoint.address.v4_value()) : 0, 8)));
    }
    return out.print(":{}", std::string_view(Hex(endpoint.port, 4)));
}

using EachDatagramSocket = void(net::datagram::SummaryVisitor visitor, void* context);

struct Line {
    TextSink& out;
    bool v6;
    u32 number = 0;
    Result<void> result{};

    Result<void> print(const net::Endpoint& local, const net::Endpoint& remote, u8 state, u32 send_queue, u32 receive_queue, u32 retransmits, u32 user,
                       u64 inode) {
        TRY(out.print("{}: ", number++));
        TRY(print_endpoint(out, local, v6));
        TRY(out.write(" "));
        TRY(print_endpoint(out, remote, v6));
        return out.print(" {} {}:{} 00:00000000 {} {} 0 {} 1 0000000000000000 ", std::string_view(Hex(state, 2)), std::string_view(Hex(send_queue, 8)),
                         std::string_view(Hex(receive_queue, 8)), std::string_view(Hex(retransmits, 8)), user, inode);
    }
};

}  // namespace

Result<void> show_tcp(TextSink& out, u32 v6) {
    TRY(out.write("  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"));
    Line line{out, v6 != 0};
    net::tcp::for_each([](void* context, const net::tcp::Summary& socket) {
        auto& l = *static_cast<Line*>(context);
        if (!l.result || socket.local.address.is_v4() == l.v6) return;
        l.result = l.print(socket.local, socket.remote, tcp_state_number(socket.state), socket.send_queue, socket.receive_queue, socket.retransmits, socket.user,
                           socket.inode);
        if (l.result) l.result = l.out.write("100 0 0 10 0\n");
    }, &line);
    return line.result;
}

Result<void> show_datagrams(TextSink& out, EachDatagramSocket* for_each, u32 v6) {
    TRY(out.write("   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n"));
    Line line{out, v6 != 0};
    for_each([](void* context, const net::datagram::Summary& socket) {
        auto& l = *static_cast<Line*>(context);
        if (!l.result || socket.local.address.is_v4() == l.v6) return;
        constexpr u8 established = 1, closed = 7;
        l.result = l.print(socket.local, socket.remote, socket.connected ? established : closed, socket.send_queue, socket.receive_queue, 0, socket.user, socket.inode);
        if (l.result) l.result = l.out.print("{}\n", socket.drops);
    }, &line);
    return line.result;
}
Result<void> show_udp(TextSink& out, u32 v6) { return show_datagrams(out, net::udp::for_each, v6); }
Result<void> show_raw(TextSink& out, u32 v6) { return show_datagrams(out, net::raw::for_each, v6); }
Result<void> show_ping(TextSink& out, u32 v6) { return show_datagrams(out, net::ping::for_each, v6); }

Result<void> show_packet_sockets(TextSink& out) {
    TRY(out.write("sk       RefCnt Type Proto  Iface R Rmem   User   Inode\n"));
    Line line{out, false};
    net::link::for_each([](void* context, const net::link::Socket::Summary& socket) {
        auto& l = *static_cast<Line*>(context);
        if (!l.result) return;
        constexpr u32 raw = 3, cooked = 2;
        l.result = l.out.print("0000000000000000 2 {} {} {} 1 {} 0 {}\n", socket.headers == net::link::Headers::seen ? raw : cooked,
                               std::string_view(Hex(socket.protocol, 4)), socket.interface, socket.memory, socket.inode);
    }, &line);
    return line.result;
}

namespace {

/// Linux's spelling: a leading zero as '@', and those within an abstract name, too.
Result<void> print_name(TextSink& out, const SocketAddress& address) {
    constexpr u32 path_at = 2;
    auto* text = reinterpret_cast<const char*>(address.bytes);
    bool abstract = text[path_at] == 0;
    TRY(out.write(" "));
    for (u32 i = path_at; i < address.size; ++i) {
        if (text[i] == 0 && !abstract) break;
        TRY(out.write(text[i] ? std::string_view(text + i, 1) : "@"));
    }
    return {};
}

}  // namespace

Result<void> show_unix(TextSink& out) {
    TRY(out.write("Num       RefCount Protocol Flags    Type St Inode Path\n"));
    Line line{out, false};
    for_each_unix_socket([](void* context, const UnixSocket::Summary& socket) {
        auto& l = *static_cast<Line*>(context);
        if (!l.result) return;
        constexpr u32 accepts = 1 << 16, unconnected = 1, connected = 3;  // __SO_ACCEPTCON, SS_UNCONNECTED, SS_CONNECTED
        l.result = l.out.print("0000000000000000: {} 00000000 {} {} {} {}", std::string_view(Hex(socket.owners, 8)), std::string_view(Hex(socket.listening ? accepts : 0, 8)),
                               std::string_view(Hex(socket.type, 4)), std::string_view(Hex(socket.connected ? connected : unconnected, 2)), socket.inode);
        if (l.result && socket.name.size) l.result = print_name(l.out, socket.name);
        if (l.result) l.result = l.out.write("\n");
    }, &line);
    return line.result;
}

Result<void> show_socket_counts(TextSink& out) {
    struct Counts {
        u32 tcp = 0, waiting = 0, orphans = 0, udp = 0, raw = 0, local = 0;
    } counts;
    net::tcp::for_each([](void* context, const net::tcp::Summary& socket) {
        auto& c = *static_cast<Counts*>(context);
        if (socket.state == net::tcp::State::time_wait) ++c.waiting;
        else ++c.tcp, c.orphans += socket.inode == 0;
    }, &counts);
    net::udp::for_each([](void* context, const net::udp::Summary&) { ++static_cast<Counts*>(context)->udp; }, &counts);
    net::raw::for_each([](void* context, const net::datagram::Summary&) { ++static_cast<Counts*>(context)->raw; }, &counts);
    for_each_unix_socket([](void* context, const UnixSocket::Summary&) { ++static_cast<Counts*>(context)->local; }, &counts);
    return out.print("sockets: used {}\nTCP: inuse {} orphan {} tw {} alloc {} mem 0\nUDP: inuse {} mem 0\nUDPLITE: inuse 0\nRAW: inuse {}\nFRAG: inuse 0 memory 0\n",
                     counts.tcp + counts.udp + counts.raw + counts.local, counts.tcp, counts.orphans, counts.waiting, counts.tcp, counts.udp, counts.raw);
}

}  // namespace spore::linux::proc
