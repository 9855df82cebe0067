#include "tests/fakes/net/tcp_segment.hpp"

#include <algorithm>

namespace spore::fakes {

Bytes stream_bytes(Side side, u64 offset, std::size_t size) {
    Bytes bytes(size);
    for (auto& byte : bytes) byte = stream_byte(side, offset++);
    return bytes;
}

namespace {

constexpr u8 kind_end = 0, kind_nop = 1, kind_mss = 2, kind_scale = 3, kind_sack_permitted = 4, kind_sack = 5, kind_stamp = 8, kind_cookie = 34;

Bytes options_of(const Seg& seg, const Origins& origins) {
    Bytes bytes;
    auto add = [&](u8 kind, const Bytes& value) { bytes = bytes + Bytes{kind, static_cast<u8>(2 + value.size())} + value; };
    if (seg.mss_option) add(kind_mss, big(*seg.mss_option, 2));
    if (seg.sack_permitted) add(kind_sack_permitted, {});
    if (seg.stamp) add(kind_stamp, big(*seg.stamp, 4) + big(seg.echo.value_or(0), 4));
    if (seg.scale_option) add(kind_scale, {*seg.scale_option});
    if (seg.cookie_option) add(kind_cookie, *seg.cookie_option);
    if (!seg.sack_blocks.empty()) {
        Bytes blocks;
        for (auto [begin, end] : seg.sack_blocks) blocks = blocks + big(u32(begin + origins.receiver), 4) + big(u32(end + origins.receiver), 4);
        add(kind_sack, blocks);
    }
    while (bytes.size() % 4) bytes.push_back(kind_nop);
    return bytes;
}

bool read_option(u8 kind, const Bytes& value, Seg& seg) {
    auto size = value.size();
    if (kind == kind_mss) return seg.mss_option = static_cast<u16>(size == 2 ? read_big(value, 0, 2) : 0), size == 2;
    if (kind == kind_scale) return seg.scale_option = size == 1 ? value[0] : 0, size == 1;
    if (kind == kind_sack_permitted) return seg.sack_permitted = true, size == 0;
    if (kind == kind_cookie) return seg.cookie_option = value, true;
    if (kind == kind_stamp) {
        if (size != 8) return false;
        seg.stamp = static_cast<u32>(read_big(value, 0, 4));
        seg.echo = static_cast<u32>(read_big(value, 4, 4));
        return true;
    }
    if (kind != kind_sack || size % 8) return false;
    for (std::size_t at = 0; at < size; at += 8) seg.sack(static_cast<u32>(read_big(value, at, 4)), static_cast<u32>(read_big(value, at + 4, 4)));
    return true;
}

bool read_options(const Bytes& bytes, Seg& seg) {
    for (std::size_t at = 0; at < bytes.size() && bytes[at] != kind_end;) {
        if (bytes[at] == kind_nop) {
            ++at;
            continue;
        }
        if (at + 2 > bytes.size() || bytes[at + 1] < 2 || at + bytes[at + 1] > bytes.size()) return false;
        auto value = bytes.begin() + static_cast<i64>(at);
        if (!read_option(bytes[at], Bytes(value + 2, value + bytes[at + 1]), seg)) return false;
        at += bytes[at + 1];
    }
    return true;
}

}  // namespace

Bytes tcp_segment(const Seg& seg, const Origins& origins, Side sender, const IpAddress& source, u16 source_port, const IpAddress& destination,
                  u16 destination_port) {
    auto options = options_of(seg, origins);
    u32 first = seg.sequence.value_or(0) + (seg.has(2) ? 1 : 0);
    u32 acknowledgement = seg.has(0x10) ? seg.acknowledgement.value_or(0) + origins.receiver : seg.acknowledgement.value_or(0);
    auto bytes = big(source_port, 2) + big(destination_port, 2) + big(u32(seg.sequence.value_or(0) + origins.sender), 4) + big(acknowledgement, 4) +
                 Bytes{static_cast<u8>((20 + options.size()) / 4 << 4), seg.flags} + big(seg.window.value_or(0xffff), 2) + big(0, 2) +
                 big(seg.urgent_pointer.value_or(0), 2) + options + stream_bytes(sender, first - 1, seg.size);
    u16 sum = plain_checksum(bytes, plain_pseudo_sum(source, destination, 6, bytes.size()));
    if (seg.damaged) sum ^= 0x5555;
    bytes[16] = static_cast<u8>(sum >> 8), bytes[17] = static_cast<u8>(sum);
    return bytes;
}

std::optional<SeenSegment> read_segment(const Parsed& packet) {
    auto& p = packet.payload;
    if (p.size() < 20) return {};
    std::size_t size = (p[12] >> 4) * 4u;
    if (size < 20 || size > p.size()) return {};
    SeenSegment seen;
    seen.source_port = static_cast<u16>(read_big(p, 0, 2));
    seen.destination_port = static_cast<u16>(read_big(p, 2, 2));
    auto& seg = seen.seg;
    seg.flags = p[13];
    seg.seq(static_cast<u32>(read_big(p, 4, 4))).ack(static_cast<u32>(read_big(p, 8, 4))).win(static_cast<u16>(read_big(p, 14, 2)));
    seg.urgent_pointer = static_cast<u16>(read_big(p, 18, 2));
    seg.ecn = packet.ip.traffic_class & 3;
    if (!read_options(Bytes(p.begin() + 20, p.begin() + static_cast<i64>(size)), seg)) return {};
    seen.payload.assign(p.begin() + static_cast<i64>(size), p.end());
    seg.size = static_cast<u32>(seen.payload.size());
    return seen;
}

std::string to_string(const Seg& seg) {
    std::string line;
    const char* names[] = {"FIN", "SYN", "RST", "PSH", "ACK", "URG", "ECE", "CWR"};
    for (int bit = 0; bit < 8; ++bit)
        if (seg.flags >> bit & 1) line += (line.empty() ? "" : "|") + std::string(names[bit]);
    auto number = [&](const char* name, auto value) { line += std::string(" ") + name + " " + std::to_string(value); };
    if (seg.sequence) number("seq", *seg.sequence);
    if (seg.acknowledgement) number("ack", *seg.acknowledgement);
    if (seg.window) number("win", *seg.window);
    if (seg.size) number("data", seg.size);
    if (seg.has(0x20) && seg.urgent_pointer) number("urg", *seg.urgent_pointer);
    if (seg.mss_option) number("mss", *seg.mss_option);
    if (seg.scale_option) number("scale", *seg.scale_option);
    if (seg.sack_permitted) line += " sack_ok";
    if (seg.stamp) number("ts", *seg.stamp);
    if (seg.echo) number("echo", *seg.echo);
    if (seg.cookie_option) number("cookie of", seg.cookie_option->size());
    for (auto [begin, end] : seg.sack_blocks) line += " sack " + std::to_string(begin) + "-" + std::to_string(end);
    if (seg.ecn) number("ecn", seg.ecn);
    return line;
}

std::string difference(const Seg& wanted, const Seg& seen) {
    std::string wrong;
    auto check = [&](const char* what, const auto& one, const auto& other) {
        if (one && (!other || *one != *other)) wrong += std::string(wrong.empty() ? "" : ", ") + what;
    };
    // A sender may push as it likes, unless the test asks for it.
    if ((wanted.flags | psh_flag) != (seen.flags | psh_flag) || (wanted.has(psh_flag) && !seen.has(psh_flag))) wrong = "flags";
    check("seq", wanted.sequence, seen.sequence);
    if (seen.has(0x10)) check("ack", wanted.acknowledgement, seen.acknowledgement);
    check("win", wanted.window, seen.window);
    if (wanted.has(0x20)) check("urg", wanted.urgent_pointer, seen.urgent_pointer);
    check("mss", wanted.mss_option, seen.mss_option);
    check("scale", wanted.scale_option, seen.scale_option);
    check("ts", wanted.stamp, seen.stamp);
    check("echo", wanted.echo, seen.echo);
    if (wanted.size != seen.size) wrong += " size";
    if (wanted.has(2) && wanted.sack_permitted != seen.sack_permitted) wrong += " sack_ok";
    if (wanted.no_stamp && seen.stamp) wrong += " ts";
    if (wanted.sack_blocks != seen.sack_blocks) wrong += " sack";
    if (wanted.ecn && wanted.ecn != seen.ecn) wrong += " ecn";
    return wrong;
}

}  // namespace spore::fakes
