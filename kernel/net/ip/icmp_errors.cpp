// ICMP errors: sent about packets that we cannot take, and received about ours.
#include <algorithm>

#include "kernel/net/ip/errors.hpp"
#include "kernel/net/ip/icmp.hpp"
#include "kernel/net/ip/input.hpp"
#include "kernel/net/ip/local_table.hpp"
#include "kernel/net/ip/output.hpp"
#include "kernel/net/raw/raw.hpp"
#include "kernel/time/timer.hpp"
#include "wire/net/icmp.hpp"

namespace spore::net {

namespace icmp {

namespace {

using wire::icmp::Header;
namespace v4 = wire::icmp::v4;
namespace v6 = wire::icmp::v6;
using Kind = PathError::Kind;

/// A bucket of tokens [RFC 1812 4.3.2.8, 4443 2.4 (f)]: so many at once, so many a second after that.
struct Rate {
    static constexpr u32 burst = 50;
    static constexpr Duration each = Duration::ms(10);
    u32 tokens = burst;
    Instant counted{};

    bool take(Instant now) {
        auto earned = static_cast<u64>((now - counted).nanoseconds / each.nanoseconds);
        if (earned) {
            tokens = static_cast<u32>(std::min<u64>(burst, tokens + earned));
            counted = now;
        }
        return tokens ? --tokens, true : false;
    }
};
constinit Locked<Rate, sync::Spin> rate;

/// No more than this is quoted: the message stays below the least MTU [RFC 1812 4.3.2.3, 4443 2.4 (c)].
constexpr u32 most_v4 = 576 - 20 - 8, most_v6 = 1280 - 40 - 8;

/// Errors about errors, about what went to many, and about later fragments are not sent [RFC 1122 3.2.2, 4443 2.4 (e)].
bool may_answer(const device::Packet& packet, const Arrival& arrival) {
    auto head = packet.head();
    if (arrival.source.is_unspecified() || arrival.source.is_multicast() || arrival.broadcast) return false;
    if (arrival.source.is_v4()) {
        const auto* ip = view_at<wire::ipv4::Header>(head, 0);
        if (!ip || ip->fragment_offset() != 0) return false;
        if (ip->protocol != 1) return true;
        return ip->header_size() < head.size() && !v4::is_error(static_cast<u8>(head[ip->header_size()]));
    }
    if (arrival.protocol != wire::ipv6::icmp) return true;
    i32 at = packet.layer_offset(device::Layer::transport);
    return at >= 40 && static_cast<u32>(at) < head.size() && !v6::is_error(static_cast<u8>(head[static_cast<u32>(at)]));
}

/// `quoted`, the beginning of a transport's header, in a buffer of its own.
struct Quote {
    std::byte bytes[64];
    u32 size = 0;
};

void tell(PathError& error, const Quote& quote) {
    error.quoted = ByteSpan(quote.bytes, quote.size);
    // Whoever quotes a packet that did not come from here is mistaken, or worse.
    if (quote.size < 8 || find_local(error.source).kind != LocalKind::own) return count_drop(Drop::martian);
    if (auto hear = ip::doors_of(error.protocol).path_error) hear(error);
    raw::path_error(error);
}

/// Reads the quoted IPv4 packet at `offset`.
bool read_v4(const device::Packet& packet, u32 offset, PathError& error, Quote& quote) {
    wire::ipv4::Header ip;
    if (packet.size() < offset + sizeof ip) return false;
    packet.copy_out(offset, {reinterpret_cast<std::byte*>(&ip), sizeof ip});
    u32 size = ip.header_size();
    if (ip.version_and_size >> 4 != 4 || size < sizeof ip || ip.fragment_offset() != 0 || packet.size() < offset + size) return false;
    error.source = IpAddress::v4(ip.source);
    error.destination = IpAddress::v4(ip.destination);
    error.protocol = ip.protocol;
    quote.size = std::min<u32>(packet.size() - offset - size, sizeof quote.bytes);
    packet.copy_out(offset + size, {quote.bytes, quote.size});
    return true;
}

/// Our own packets have no extension headers but a fragment header.
bool read_v6(const device::Packet& packet, u32 offset, PathError& error, Quote& quote) {
    wire::ipv6::Header ip;
    if (packet.size() < offset + sizeof ip) return false;
    packet.copy_out(offset, {reinterpret_cast<std::byte*>(&ip), sizeof ip});
    if (ip.version_class_flow >> 28 != 6) return false;
    std::array<u8, 16> bytes;
    std::memcpy(bytes.data(), ip.source, 16);
    error.source = IpAddress::v6(bytes);
    std::memcpy(bytes.data(), ip.destination, 16);
    error.destination = IpAddress::v6(bytes);
    error.protocol = ip.next;
    offset += sizeof ip;
    if (ip.next == wire::ipv6::fragment) {
        wire::ipv6::FragmentHeader fragment;
        if (packet.size() < offset + sizeof fragment) return false;
        packet.copy_out(offset, {reinterpret_cast<std::byte*>(&fragment), sizeof fragment});
        if (fragment.offset() != 0) return false;
        error.protocol = fragment.next;
        offset += sizeof fragment;
    }
    quote.size = std::min<u32>(packet.size() - offset, sizeof quote.bytes);
    packet.copy_out(offset, {quote.bytes, quote.size});
    return true;
}

/// [RFC 1122 3.2.2.1, 1812 5.2.7.1]
Kind kind_v4(u8 type, u8 code) {
    if (type == v4::time_exceeded) return Kind::time_exceeded;
    if (type == v4::parameter_problem) return Kind::parameter_problem;
    switch (code) {
    case v4::protocol_unreachable: return Kind::protocol_unreachable;
    case v4::port_unreachable: return Kind::port_unreachable;
    case v4::fragmentation_needed: return Kind::too_big;
    case 0: case 6: case 11: return Kind::network_unreachable;
    case 9: case 10: case 13: return Kind::prohibited;
    default: return Kind::host_unreachable;
    }
}

Kind kind_v6(u8 type, u8 code) {
    if (type == v6::too_big) return Kind::too_big;
    if (type == v6::time_exceeded) return Kind::time_exceeded;
    if (type == v6::parameter_problem) return code == 1 ? Kind::protocol_unreachable : Kind::parameter_problem;
    switch (code) {
    case 0: return Kind::network_unreachable;
    case 1: case 5: case 6: return Kind::prohibited;
    case v6::port_unreachable: return Kind::port_unreachable;
    default: return Kind::host_unreachable;
    }
}

/// Routers before [RFC 1191] do not tell the MTU: then the next lower of the usual ones is tried [7.1].
u32 plateau_below(u32 size) {
    for (u32 plateau : {32000u, 17914u, 8166u, 4352u, 2002u, 1492u, 1006u})
        if (plateau < size) return plateau;
    return 552;
}

}  // namespace

void send_error(device::Packet& packet, const Arrival& arrival, u8 type, u8 code, u32 rest) {
    if (!may_answer(packet, arrival)) return;
    auto now = time::now();
    if (!rate.with([&](Rate& r) { return r.take(now); })) return count_drop(Drop::rate_limit);
    bool v4 = arrival.source.is_v4();
    // A group's address cannot answer: then the path chooses.
    auto path = Path::find(arrival.source, {.source = arrival.broadcast ? IpAddress() : arrival.destination,
                                            .interface = arrival.source.is_link_local() ? arrival.interface.index() : 0});
    if (!path) return count_drop(Drop::no_route);
    auto part = ip::part_of(packet, 0, std::min(packet.size(), v4 ? most_v4 : most_v6));
    if (!part) return count_drop(Drop::no_memory);
    auto message = std::move(*part);
    auto& header = *reinterpret_cast<Header*>(message->push(sizeof(Header)).data());
    header = {};
    header.type = type;
    header.code = code;
    header.rest = rest;
    wire::InternetSum sum(v4 ? u16{0} : pseudo_header_sum(path->source(), arrival.source, wire::ipv6::icmp, message->size()));
    message->for_each_piece(0, message->size(), [&](ByteSpan piece) { sum.add(piece); });
    header.checksum = sum.checksum();
    // Precedence 6 is for what keeps the network running [RFC 1812 4.3.2.5].
    (void)path->send(std::move(message), {.protocol = v4 ? u8{1} : wire::ipv6::icmp, .traffic_class = v4 ? u8{0xc0} : u8{0},
                                          .dont_fragment = false});  // an error that is lost may be lost
}

void error_received_v4(Owned<device::Packet> packet, const Arrival& arrival) {
    auto& header = *reinterpret_cast<const Header*>(packet->head().data());
    PathError error{.kind = kind_v4(header.type, header.code), .type = header.type, .code = header.code, .reporter = arrival.source};
    if (header.type == v4::parameter_problem && header.code != 0 && header.code != 2) error.kind = Kind::parameter_problem;
    Quote quote;
    if (!read_v4(*packet, sizeof(Header), error, quote)) return count_drop(Drop::malformed);
    if (error.kind == Kind::too_big) {
        wire::ipv4::Header ip;
        packet->copy_out(sizeof(Header), {reinterpret_cast<std::byte*>(&ip), sizeof ip});
        u32 told = header.v4_mtu();
        error.mtu = told ? told : plateau_below(ip.total_size);
    }
    tell(error, quote);
}

void error_received_v6(Owned<device::Packet> packet, const Arrival& arrival) {
    auto& header = *reinterpret_cast<const Header*>(packet->head().data());
    PathError error{.kind = kind_v6(header.type, header.code), .type = header.type, .code = header.code, .reporter = arrival.source};
    Quote quote;
    if (!read_v6(*packet, sizeof(Header), error, quote)) return count_drop(Drop::malformed);
    if (error.kind == Kind::too_big) error.mtu = header.rest;
    tell(error, quote);
}

void forget_rate() {
    rate.with([](Rate& r) { r = {}; });
}

}  // namespace icmp

namespace ip {

void tell_unreachable(device::Packet& packet) {
    PathError error{.kind = PathError::Kind::host_unreachable, .type = 0, .code = 0};
    icmp::Quote quote;
    if (packet.head().empty()) return;
    bool v4 = static_cast<u8>(packet.head()[0]) >> 4 == 4;
    if (!(v4 ? icmp::read_v4(packet, 0, error, quote) : icmp::read_v6(packet, 0, error, quote))) return;
    error.type = v4 ? wire::icmp::v4::unreachable : wire::icmp::v6::unreachable;
    error.code = v4 ? wire::icmp::v4::host_unreachable : u8{3};
    error.reporter = error.source;
    icmp::tell(error, quote);
}

void answer_protocol_unreachable(Owned<device::Packet> packet, const Arrival& arrival) {
    packet->rewind(device::Layer::network);
    if (arrival.source.is_v4())
        return icmp::send_error(*packet, arrival, wire::icmp::v4::unreachable, wire::icmp::v4::protocol_unreachable);
    // Points to the byte that named the protocol; without extension headers that is the IPv6 header's.
    icmp::send_error(*packet, arrival, wire::icmp::v6::parameter_problem, 1, 6);
}

void answer_bad_chain(Owned<device::Packet> packet, const Arrival& arrival, const wire::ipv6::ChainError& error) {
    using Answer = wire::ipv6::ChainError::Answer;
    if (error.answer == Answer::none) return;
    auto about = arrival;
    if (error.even_to_group) about.broadcast = false;
    packet->mark(device::Layer::transport);
    u8 code = error.answer == Answer::bad_field ? 0 : error.answer == Answer::unknown_header ? 1 : 2;
    icmp::send_error(*packet, about, wire::icmp::v6::parameter_problem, code, error.pointer);
}

}  // namespace ip

void answer_port_unreachable(Owned<device::Packet> packet, const Arrival& arrival) {
    packet->rewind(device::Layer::network);
    if (arrival.source.is_v4())
        return icmp::send_error(*packet, arrival, wire::icmp::v4::unreachable, wire::icmp::v4::port_unreachable);
    icmp::send_error(*packet, arrival, wire::icmp::v6::unreachable, wire::icmp::v6::port_unreachable);
}

}  // namespace spore::net
