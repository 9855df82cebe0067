// Frames as tests write and read them, by code of their own: nothing here is shared with the stack, so that a mistake is not made twice.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "kernel/device/net.hpp"
#include "kernel/net/address.hpp"

namespace spore::fakes {

using Bytes = std::vector<u8>;
using net::IpAddress;

/// "10.0.0.1" or "fe80::1".
IpAddress ip(const std::string& text);
std::string to_string(const IpAddress& address);

Bytes operator+(Bytes a, const Bytes& b);
Bytes big(u64 value, unsigned bytes);
Bytes text(const std::string& characters);
Bytes pattern_bytes(std::size_t size, u32 seed = 1);
u64 read_big(const Bytes& bytes, std::size_t at, unsigned count);

/// A plain loop over 16-bit words.
u16 plain_checksum(const Bytes& bytes, u32 start = 0);
/// The pseudo-header's sum, not inverted.
u32 plain_pseudo_sum(const IpAddress& source, const IpAddress& destination, u8 protocol, std::size_t size);

/// An IP packet's fields, either version.
struct IpFields {
    IpAddress source, destination;
    u8 protocol = 0;
    u8 hop_limit = 64;
    u8 traffic_class = 0;
    u16 identification = 0;
    bool dont_fragment = false, more_fragments = false;
    u32 fragment_offset = 0;  ///< bytes; IPv4
    Bytes options;            ///< IPv4 options, or IPv6 extension headers (then `protocol` is the first one's number)
};
Bytes ip_packet(const IpFields& fields, const Bytes& payload);
Bytes ethernet_frame(const device::MacAddress& to, const device::MacAddress& from, u16 type, const Bytes& payload);
/// With their checksums.
Bytes udp_datagram(const IpAddress& source, u16 source_port, const IpAddress& destination, u16 destination_port, const Bytes& payload);
Bytes icmp_message(const IpAddress& source, const IpAddress& destination, u8 type, u8 code, u32 rest, const Bytes& body);

/// A frame taken apart; its checks have been made (nothing when one fails: lengths, IP and transport checksums).
struct Parsed {
    device::MacAddress to, from;
    u16 type = 0;
    bool is_ip = false;
    IpFields ip;
    Bytes payload;    ///< what follows the IP header (and, for IPv6, a fragment header), or the link header when it is not IP
    Bytes packet;     ///< the IP packet
    bool v6_fragment = false;
    u32 v6_identification = 0;
};
enum class Verify : u8 { all, not_transport };
std::optional<Parsed> parse_frame(const Bytes& frame, Verify verify = Verify::all);

}  // namespace spore::fakes
