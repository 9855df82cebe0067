#include "tests/fakes/net/frames.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

namespace spore::fakes {

IpAddress ip(const std::string& text) {
    std::array<u8, 16> bytes{};
    if (::inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return IpAddress::v6(bytes);
    u32 value = 0;
    ::inet_pton(AF_INET, text.c_str(), &value);
    return IpAddress::v4(ntohl(value));
}

std::string to_string(const IpAddress& address) {
    char buffer[INET6_ADDRSTRLEN] = {};
    if (address.is_v4()) ::inet_ntop(AF_INET, address.wire_bytes().data(), buffer, sizeof buffer);
    else ::inet_ntop(AF_INET6, address.bytes().data(), buffer, sizeof buffer);
    return buffer;
}

Bytes operator+(Bytes a, const Bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}

Bytes big(u64 value, unsigned count) {
    Bytes bytes;
    while (count-- > 0) bytes.push_back(static_cast<u8>(value >> 8 * count));
    return bytes;
}

Bytes text(const std::string& characters) { return {characters.begin(), characters.end()}; }

Bytes pattern_bytes(std::size_t size, u32 seed) {
    Bytes bytes(size);
    for (auto& byte : bytes) byte = static_cast<u8>((seed = seed * 1664525 + 1013904223) >> 24);
    return bytes;
}

u64 read_big(const Bytes& bytes, std::size_t at, unsigned count) {
    u64 value = 0;
    for (unsigned i = 0; i < count; ++i) value = value << 8 | bytes.at(at + i);
    return value;
}

u16 plain_checksum(const Bytes& bytes, u32 start) {
    u64 sum = start;
    for (std::size_t i = 0; i < bytes.size(); ++i) sum += i % 2 ? bytes[i] : u32{bytes[i]} << 8;
    while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
    return static_cast<u16>(~sum);
}

u32 plain_pseudo_sum(const IpAddress& source, const IpAddress& destination, u8 protocol, std::size_t size) {
    u32 sum = protocol + static_cast<u32>(size & 0xffff) + static_cast<u32>(size >> 16);
    for (auto* address : {&source, &destination}) {
        auto wire = address->wire_bytes();
        for (std::size_t i = 0; i < wire.size(); i += 2) sum += u32{static_cast<u8>(wire[i])} << 8 | static_cast<u8>(wire[i + 1]);
    }
    return sum;
}

namespace {
Bytes wire_of(const IpAddress& address) {
    auto wire = address.wire_bytes();
    Bytes bytes(wire.size());
    std::memcpy(bytes.data(), wire.data(), wire.size());
    return bytes;
}
}  // namespace

Bytes ip_packet(const IpFields& f, const Bytes& payload) {
    if (!f.destination.is_v4())
        return big(6u << 28 | u32{f.traffic_class} << 20, 4) + big(f.options.size() + payload.size(), 2) + Bytes{f.protocol, f.hop_limit} +
               wire_of(f.source) + wire_of(f.destination) + f.options + payload;
    auto size = 20 + f.options.size();
    u32 fragment = f.fragment_offset / 8 | (f.more_fragments ? 0x2000 : 0) | (f.dont_fragment ? 0x4000 : 0);
    auto header = Bytes{static_cast<u8>(0x40 | size / 4), f.traffic_class} + big(size + payload.size(), 2) + big(f.identification, 2) +
                  big(fragment, 2) + Bytes{f.hop_limit, f.protocol, 0, 0} + wire_of(f.source) + wire_of(f.destination) + f.options;
    u16 sum = plain_checksum(header);
    header[10] = static_cast<u8>(sum >> 8), header[11] = static_cast<u8>(sum);
    return header + payload;
}

Bytes ethernet_frame(const device::MacAddress& to, const device::MacAddress& from, u16 type, const Bytes& payload) {
    Bytes frame(to.bytes.begin(), to.bytes.end());
    frame.insert(frame.end(), from.bytes.begin(), from.bytes.end());
    frame = frame + big(type, 2) + payload;
    if (frame.size() < 60) frame.resize(60);  // what a real card would pad
    return frame;
}

Bytes udp_datagram(const IpAddress& source, u16 source_port, const IpAddress& destination, u16 destination_port, const Bytes& payload) {
    auto datagram = big(source_port, 2) + big(destination_port, 2) + big(8 + payload.size(), 2) + big(0, 2) + payload;
    u16 sum = plain_checksum(datagram, plain_pseudo_sum(source, destination, 17, datagram.size()));
    if (sum == 0) sum = 0xffff;
    datagram[6] = static_cast<u8>(sum >> 8), datagram[7] = static_cast<u8>(sum);
    return datagram;
}

Bytes icmp_message(const IpAddress& source, const IpAddress& destination, u8 type, u8 code, u32 rest, const Bytes& body) {
    auto message = Bytes{type, code, 0, 0} + big(rest, 4) + body;
    u32 start = destination.is_v4() ? 0 : plain_pseudo_sum(source, destination, 58, message.size());
    u16 sum = plain_checksum(message, start);
    message[2] = static_cast<u8>(sum >> 8), message[3] = static_cast<u8>(sum);
    return message;
}

namespace {

bool transport_right(const Parsed& parsed) {
    if (parsed.ip.more_fragments || parsed.ip.fragment_offset || parsed.v6_fragment) return true;
    auto& payload = parsed.payload;
    bool v4 = parsed.ip.destination.is_v4();
    if (parsed.ip.protocol == 1 && v4) return plain_checksum(payload) == 0;
    if (parsed.ip.protocol == 17 && v4 && payload.size() >= 8 && read_big(payload, 6, 2) == 0) return true;
    if (parsed.ip.protocol != 6 && parsed.ip.protocol != 17 && parsed.ip.protocol != 58) return true;
    return plain_checksum(payload, plain_pseudo_sum(parsed.ip.source, parsed.ip.destination, parsed.ip.protocol, payload.size())) == 0;
}

bool parse_v4(const Bytes& packet, Parsed& parsed) {
    if (packet.size() < 20 || packet[0] >> 4 != 4) return false;
    std::size_t size = (packet[0] & 15) * 4, total = read_big(packet, 2, 2);
    if (size < 20 || total < size || total > packet.size()) return false;
    if (plain_checksum(Bytes(packet.begin(), packet.begin() + static_cast<i64>(size))) != 0) return false;
    auto& f = parsed.ip;
    f.traffic_class = packet[1];
    f.identification = static_cast<u16>(read_big(packet, 4, 2));
    auto fragment = read_big(packet, 6, 2);
    f.dont_fragment = fragment & 0x4000;
    f.more_fragments = fragment & 0x2000;
    f.fragment_offset = static_cast<u32>(fragment & 0x1fff) * 8;
    f.hop_limit = packet[8];
    f.protocol = packet[9];
    f.source = IpAddress::v4(static_cast<u32>(read_big(packet, 12, 4)));
    f.destination = IpAddress::v4(static_cast<u32>(read_big(packet, 16, 4)));
    f.options.assign(packet.begin() + 20, packet.begin() + static_cast<i64>(size));
    parsed.payload.assign(packet.begin() + static_cast<i64>(size), packet.begin() + static_cast<i64>(total));
    parsed.packet.assign(packet.begin(), packet.begin() + static_cast<i64>(total));
    return true;
}

bool parse_v6(const Bytes& packet, Parsed& parsed) {
    if (packet.size() < 40 || packet[0] >> 4 != 6) return false;
    std::size_t total = 40 + read_big(packet, 4, 2);
    if (total > packet.size()) return false;
    auto& f = parsed.ip;
    f.traffic_class = static_cast<u8>(read_big(packet, 0, 2) >> 4);
    f.protocol = packet[6];
    f.hop_limit = packet[7];
    std::array<u8, 16> address;
    std::copy_n(packet.begin() + 8, 16, address.begin());
    f.source = IpAddress::v6(address);
    std::copy_n(packet.begin() + 24, 16, address.begin());
    f.destination = IpAddress::v6(address);
    std::size_t size = 40;
    if (f.protocol == 44 && total >= 48) {
        parsed.v6_fragment = true;
        f.protocol = packet[40];
        f.fragment_offset = static_cast<u32>(read_big(packet, 42, 2) & 0xfff8);
        f.more_fragments = packet[43] & 1;
        parsed.v6_identification = static_cast<u32>(read_big(packet, 44, 4));
        size = 48;
    }
    if (f.protocol == 0 && total >= size + 8) {  // hop-by-hop options, as MLD has them
        f.protocol = packet[size];
        std::size_t options = (packet[size + 1] + std::size_t{1}) * 8;
        if (size + options > total) return false;
        f.options.assign(packet.begin() + static_cast<i64>(size), packet.begin() + static_cast<i64>(size + options));
        size += options;
    }
    parsed.payload.assign(packet.begin() + static_cast<i64>(size), packet.begin() + static_cast<i64>(total));
    parsed.packet.assign(packet.begin(), packet.begin() + static_cast<i64>(total));
    return true;
}

}  // namespace

std::optional<Parsed> parse_frame(const Bytes& frame, Verify verify) {
    if (frame.size() < 14) return std::nullopt;
    Parsed parsed;
    std::copy_n(frame.begin(), 6, parsed.to.bytes.begin());
    std::copy_n(frame.begin() + 6, 6, parsed.from.bytes.begin());
    parsed.type = static_cast<u16>(read_big(frame, 12, 2));
    Bytes rest(frame.begin() + 14, frame.end());
    if (parsed.type != 0x0800 && parsed.type != 0x86dd) return parsed.payload = rest, parsed;
    parsed.is_ip = true;
    if (!(parsed.type == 0x0800 ? parse_v4(rest, parsed) : parse_v6(rest, parsed))) return std::nullopt;
    if (verify == Verify::all && !transport_right(parsed)) return std::nullopt;
    return parsed;
}

}  // namespace spore::fakes
