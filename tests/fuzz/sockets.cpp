// Packets to a configured stack with open sockets of every kind, as a program has them: bytes become frames of a neighbour's, mostly right ones, the program's calls, and time.
// Nothing may be read or written beside its bounds, what the stack sends must be whole, and when the program has ended nothing is kept.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>

#include "arch/user_memory.hpp"
#include "kernel/linux/dispatch.hpp"
#include "kernel/linux/uapi/socket.hpp"
#include "kernel/linux/uapi/types.hpp"
#include "kernel/net/ip/icmp.hpp"
#include "kernel/net/ip/neighbour.hpp"
#include "kernel/net/ip/path_mtu.hpp"
#include "kernel/net/ip/reassembly.hpp"
#include "kernel/net/ip/route.hpp"
#include "tests/fakes/cpu.hpp"
#include "tests/fakes/linux/machine.hpp"
#include "tests/fakes/net/peer.hpp"
#include "tests/fakes/net/tcp_segment.hpp"
#include "tests/fuzz/programs.hpp"

using namespace spore;
using namespace spore::fakes;
using fuzz::Input;

namespace {

const IpAddress own_v4 = ip("10.0.0.1"), own_v6 = ip("fd00::1"), peer_v4 = ip("10.0.0.2"), peer_v6 = ip("fd00::2");
const IpAddress group_v4 = ip("224.0.0.5"), group_v6 = ip("ff02::5");

/// The address as sockets' structures have it.
Bytes bytes_of_address(const IpAddress& address) {
    auto all = address.bytes();
    return Bytes(all.begin() + (address.is_v4() ? 12 : 0), all.end());
}

/// eth0 and the neighbour at its other end. Made once: interfaces do not go.
struct Wire {
    NetDevice device{{.features = NetDevice::all_offloads()}};
    Peer peer{device};

    Wire() {
        peer.addresses = {peer_v4, peer_v6};
        auto& interface = **net::Interfaces::create(device);
        fuzz::must(interface.add_address({.address = own_v4, .prefix_length = 96 + 24}).has_value());
        fuzz::must(interface.add_address({.address = own_v6, .prefix_length = 64}).has_value());
        for (auto& gateway : {peer_v4, peer_v6})
            fuzz::must(net::add_route({.prefix = gateway.is_v4() ? net::Prefix::v4(0, 0) : net::Prefix{}, .gateway = gateway, .interface = interface.index()}).has_value());
    }
    void forget() {
        peer.run();
        (void)peer.take();
        net::neighbours::forget();
        net::ip::forget_fragments();
        net::path_mtu::forget();
        net::icmp::forget_rate();
    }
};
Wire& wire() {
    static Wire one;
    return one;
}

// Numbers of x86-64's system calls.
enum Call : u64 {
    call_close = 3, call_ioctl = 16, call_nanosleep = 35, call_socket = 41, call_connect = 42, call_sendto = 44, call_recvfrom = 45, call_sendmsg = 46, call_recvmsg = 47,
    call_shutdown = 48, call_bind = 49, call_listen = 50, call_getsockname = 51, call_setsockopt = 54, call_getsockopt = 55, call_epoll_wait = 232, call_epoll_ctl = 233,
    call_accept4 = 288, call_epoll_create1 = 291,
};
constexpr u64 nonblocking = 04000;
constexpr u16 tcp_port = 80, udp_port = 53, client_port = 8080;

/// What is known of a connection by what the stack has sent.
struct Conversation {
    bool v6 = false;
    u16 own_port = 0, peer_port = 0;
    u32 sent_end = 0, wanted = 0;
};

class Player {
public:
    Player(Input& input, linux::Task& task) : in_(input), task_(task) {}

    void begin() {
        u8 which = in_.byte();
        for (bool v6 : {false, true}) {
            u64 family = v6 ? linux::family_inet6 : linux::family_inet;
            auto listener = open(family, linux::socket_stream, 0);
            bind(listener, v6, tcp_port);
            (void)call(call_listen, listener, 4);
            auto datagrams = open(family, linux::socket_datagram, 0);
            bind(datagrams, v6, udp_port);
            join(datagrams, v6);
            if (which & 1) receive_more(datagrams, v6);
            (void)open(family, linux::socket_raw, v6 ? 58 : 1);
            if (which & 2) (void)open(family, linux::socket_raw, 17);
            if (which & 4) (void)open(family, linux::socket_datagram, v6 ? 58 : 1);
            auto client = open(family, linux::socket_stream, 0);
            connect(client, v6, client_port);
            auto connected = open(family, linux::socket_datagram, 0);
            connect(connected, v6, udp_port);
        }
        if (which & 8) (void)open(linux::family_packet, linux::socket_raw, 0x300);
        if (which & 16) (void)open(linux::family_packet, linux::socket_datagram, 0x300);
        auto epoll = static_cast<u64>(call(call_epoll_create1, 0));
        for (u64 i = 0; i < sockets_.size(); ++i) {
            linux::EpollEvent event{which & 32 ? 0x8000'2005u : 0x2005u, i};
            (void)call(call_epoll_ctl, epoll, 1, sockets_[i], put(&event, sizeof event));
        }
        epoll_ = epoll;
        settle();
        if (!(which & 64))
            for (std::size_t i = 0; i < conversations_.size(); ++i) segment(conversations_[i], syn_ack().mss(1460).win(60'000), 0x1000, conversations_[i].sent_end);
    }
    void play() {
        for (int steps = 0; !in_.empty() && steps < 200; ++steps) {
            u8 what = in_.byte();
            if (what < 110) frame(what);
            else if (what < 240) own_call(what);
            else pass(what);
            settle();
        }
    }

private:
    i64 call(u64 number, u64 a = 0, u64 b = 0, u64 c = 0, u64 d = 0, u64 e = 0, u64 f = 0) { return system_call(task_, number, {a, b, c, d, e, f}); }
    u64 put(const void* bytes, std::size_t size) {
        VirtAddr at = program_area + page_size + next_++ % 32 * 1024;
        (void)arch::copy_to_program(at, bytes, size);
        return at.value;
    }
    u64 put_value(u32 value) { return put(&value, sizeof value); }
    u64 data() const { return (program_area + 16 * page_size).value; }

    u64 open(u64 family, u64 type, u64 protocol) {
        auto made = static_cast<u64>(call(call_socket, family, type | nonblocking, protocol));
        sockets_.push_back(made);
        if (type == linux::socket_raw || family == linux::family_packet) raw_.push_back(made);
        return made;
    }
    u64 address(bool v6, const IpAddress* host, u16 port, u64& size) {
        Bytes bytes = v6 ? Bytes{10, 0} : Bytes{2, 0};
        bytes = bytes + big(port, 2);
        if (v6) bytes = bytes + big(0, 4) + (host ? bytes_of_address(*host) : Bytes(16)) + big(0, 4);
        else bytes = bytes + (host ? bytes_of_address(*host) : Bytes(4)) + big(0, 8);
        size = bytes.size();
        return put(bytes.data(), bytes.size());
    }
    void bind(u64 socket, bool v6, u16 port) {
        u64 size, at = address(v6, nullptr, port, size);
        if (v6) (void)call(call_setsockopt, socket, 41, 26, put_value(1), 4);
        (void)call(call_bind, socket, at, size);
    }
    void connect(u64 socket, bool v6, u16 port) {
        u64 size, at = address(v6, v6 ? &peer_v6 : &peer_v4, port, size);
        (void)call(call_connect, socket, at, size);
        settle();
    }
    void join(u64 socket, bool v6) {
        Bytes request = v6 ? bytes_of_address(group_v6) : bytes_of_address(group_v4) + Bytes(4);
        request = request + Bytes{2, 0, 0, 0};
        (void)call(call_setsockopt, socket, v6 ? 41 : 0, v6 ? 20 : 35, put(request.data(), request.size()), request.size());
    }
    /// Control messages with everything, and queued errors.
    void receive_more(u64 socket, bool v6) {
        for (u64 name : v6 ? std::initializer_list<u64>{25, 49, 51, 66} : std::initializer_list<u64>{6, 8, 11, 12, 13, 20}) (void)call(call_setsockopt, socket, v6 ? 41 : 0, name, put_value(1), 4);
        (void)call(call_setsockopt, socket, 1, linux::so_timestamp_ns, put_value(1), 4);
    }

    /// Both sides say what they have to say; what the stack sent is remembered.
    void settle() {
        run_program(Duration::us(10));
        for (auto& packet : wire().peer.take()) {
            if (packet.is_ip) last_ = packet.packet;
            auto seen = packet.is_ip && packet.ip.protocol == 6 ? read_segment(packet) : std::nullopt;
            if (seen && shown_) std::fprintf(stderr, "sent: %u -> %u %s\n", seen->source_port, seen->destination_port, to_string(seen->seg).c_str());
            if (seen) note(*seen, !packet.ip.source.is_v4());
        }
    }
    void note(const SeenSegment& seen, bool v6) {
        auto found = std::ranges::find_if(conversations_, [&](auto& one) { return one.v6 == v6 && one.own_port == seen.source_port && one.peer_port == seen.destination_port; });
        if (found == conversations_.end()) {
            if (conversations_.size() == 16) conversations_.erase(conversations_.begin());
            conversations_.push_back({v6, seen.source_port, seen.destination_port, 0, 0});
            found = conversations_.end() - 1;
        }
        found->sent_end = *seen.seg.sequence + seen.seg.length();
        if (seen.seg.has(0x10)) found->wanted = *seen.seg.acknowledgement;
    }
    void segment(const Conversation& to, Seg seg, u32 sequence, u32 acknowledgement) {
        auto& from = to.v6 ? peer_v6 : peer_v4;
        auto& own = to.v6 ? own_v6 : own_v4;
        seg.seq(sequence).ack(acknowledgement);
        wire().peer.send({.source = from, .destination = own, .protocol = 6}, tcp_segment(seg, {}, Side::peer, from, to.peer_port, own, to.own_port));
    }
    void frame(u8 what) {
        bool v6 = what & 1;
        auto& from = v6 ? peer_v6 : peer_v4;
        auto& to = what & 2 ? (v6 ? group_v6 : group_v4) : v6 ? own_v6 : own_v4;
        IpFields fields{.source = from, .destination = to, .hop_limit = 255};
        switch (what % 11) {
        case 0: case 1: case 2: {  // of a connection
            if (conversations_.empty()) return;
            auto& one = conversations_[in_.byte() % conversations_.size()];
            Seg seg{.flags = in_.byte()};
            if (what & 4) seg.flags = static_cast<u8>((seg.flags & ~6) | 0x10);
            if (what & 8) seg.urgent_pointer = in_.byte();
            if (what & 16) seg.sack(one.sent_end - in_.byte(), one.sent_end);
            seg.win(in_.half()).data(in_.byte() * 6u);
            return segment(one, seg, one.wanted + (what & 32 ? static_cast<u32>(static_cast<i8>(in_.byte())) : 0), one.sent_end - (what & 64 ? in_.byte() : 0));
        }
        case 3: {  // a new one
            Conversation fresh{v6, tcp_port, static_cast<u16>(2000 + in_.byte() % 8), 0, 0};
            return segment(fresh, syn().mss(in_.half()).win(in_.half()), in_.word(), 0);
        }
        case 4: case 5:
            fields.protocol = 17;
            return wire().peer.send(fields, udp_datagram(from, what & 8 ? udp_port : u16{7}, to, what & 16 ? in_.half() : udp_port, in_.bytes(in_.byte())));
        case 6: {  // an error about what was sent last
            if (last_.empty()) return;
            auto quoted = Bytes(last_.begin(), last_.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(last_.size(), 20u + in_.byte())));
            bool quotes_v6 = last_[0] >> 4 == 6;
            auto &source = quotes_v6 ? peer_v6 : peer_v4, &own = quotes_v6 ? own_v6 : own_v4;
            u8 type = in_.byte() & 15, code = in_.byte() & 15;
            return wire().peer.send({.source = source, .destination = own, .protocol = quotes_v6 ? u8{58} : u8{1}}, icmp_message(source, own, type, code, in_.half(), quoted));
        }
        case 7: {  // echoes and their like
            u8 type = in_.byte(), code = in_.byte() & 3;
            fields.protocol = v6 ? 58 : 1;
            return wire().peer.send(fields, icmp_message(from, to, type, code, in_.half(), in_.bytes(in_.byte())));
        }
        case 8:  // a piece
            fields.protocol = 17, fields.identification = what >> 4;
            fields.more_fragments = in_.byte() & 1;
            fields.fragment_offset = in_.byte() * 8u;
            return wire().peer.send(fields, in_.bytes(in_.byte() * 4u));
        case 9:
            fields.protocol = in_.byte();
            fields.options = in_.bytes(in_.byte() & 0x38);
            return wire().peer.send(fields, in_.bytes(in_.byte()));
        default:
            if (auto bytes = in_.bytes(in_.byte() * 4u); !bytes.empty()) wire().peer.send_frame(bytes);
            return;
        }
    }
    u64 message() {
        u64 pieces[4] = {data(), u64{in_.byte()} * 16, data() + 8192, 100};
        linux::MessageHeader header{.name = data() + 20'000, .name_size = in_.byte(), .pieces = put(pieces, sizeof pieces), .piece_count = 2, .control = data() + 24'000,
                                    .control_size = u64{in_.byte()} * 2};
        return put(&header, sizeof header);
    }
    void own_call(u8 what) {
        u64 socket = sockets_[in_.byte() % sockets_.size()], flags = in_.byte() & 3 ? u64{in_.byte()} << (in_.byte() & 15) : 0;
        u64 size = put_value(in_.byte());
        unsigned which = what % 12;
        // Whoever builds packets alone may send broken ones: fuzz-calls does.
        if (which >= 4 && which <= 6 && std::ranges::contains(raw_, socket)) return;
        switch (which) {
        case 0: case 1: return void(call(call_recvmsg, socket, message(), flags));
        case 2: return void(call(call_recvfrom, socket, data(), u64{in_.byte()} * 64, flags, data() + 20'000, size));
        case 3: {
            i64 made = call(call_accept4, socket, data() + 20'000, size, nonblocking);
            if (made >= 0 && sockets_.size() < 64) sockets_.push_back(static_cast<u64>(made));
            return;
        }
        case 4: case 5: {
            u64 length = 0, at = address(what & 1, what & 1 ? &peer_v6 : &peer_v4, in_.byte() & 1 ? udp_port : in_.half(), length);
            return void(call(call_sendto, socket, data(), u64{in_.byte()} * 64, flags | linux::msg_dontwait, what & 2 ? at : 0, what & 2 ? length : 0));
        }
        case 6: return void(call(call_sendmsg, socket, message(), flags | linux::msg_dontwait));
        case 7: {
            auto bytes = in_.bytes(in_.byte() & 63);
            constexpr u64 levels[] = {0, 1, 6, 17, 41, 58, 255, 263};
            return void(call(call_setsockopt, socket, levels[in_.byte() & 7], in_.byte(), put(bytes.data(), bytes.size()), bytes.size()));
        }
        case 8: {
            constexpr u64 levels[] = {0, 1, 6, 17, 41, 58, 255, 263};
            return void(call(call_getsockopt, socket, levels[in_.byte() & 7], in_.byte(), data(), size));
        }
        case 9: return void(call(in_.byte() & 1 ? u64{call_shutdown} : u64{call_close}, socket, in_.byte() % 3));
        case 10: return void(call(call_epoll_wait, epoll_, data(), 8, 0));
        default: return void(call(call_ioctl, socket, in_.byte() & 1 ? 0x541b : 0x8900 | in_.byte(), data()));
        }
    }
    void pass(u8 what) {
        linux::Timespec wanted{what & 1 ? in_.byte() : 0, in_.half() * 1000};
        (void)call(call_nanosleep, put(&wanted, sizeof wanted), 0);
    }

    Input& in_;
    linux::Task& task_;
    std::vector<u64> sockets_, raw_;
    u64 epoll_ = 0, next_ = 0;
    std::vector<Conversation> conversations_;
    Bytes last_;
    const bool shown_ = std::getenv("SPORE_TEST_LOG");
};

Input* input = nullptr;

void play(linux::Task& task) {
    // On the host's heap: a program may be killed, and then never comes back here.
    static std::optional<Player> player;
    player.emplace(*input, task);
    player->begin();
    player->play();
    player.reset();
}

void run(Input& bytes) {
    input = &bytes;
    run_linux(play);
    wire().forget();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    static bool once = [] {
        start_linux(64_MiB);
        fuzz::show_calls_if_asked();
        constexpr u8 all_kinds[] = {0xff};
        Input nothing(all_kinds, sizeof all_kinds);
        run(nothing);
        return true;
    }();
    (void)once;
    fuzz::must_keep_nothing(data, size, run);
    return 0;
}
