// What virtio-net devices and drivers exchange besides packets [virtio 1.2 5.1]. Little-endian throughout, legacy devices on the machines that
// we know included.
#pragma once

#include "base/bytes.hpp"

namespace spore::wire::virtio_net {

/// Feature bits [5.1.3].
inline constexpr u64 send_checksum = u64{1} << 0, receive_checksum = u64{1} << 1, has_mtu = u64{1} << 3, has_mac = u64{1} << 5,
                     receive_tcp4 = u64{1} << 7, receive_tcp6 = u64{1} << 8, send_tcp4 = u64{1} << 11, send_tcp6 = u64{1} << 12,
                     merged_buffers = u64{1} << 15, has_status = u64{1} << 16, control_queue = u64{1} << 17, control_receive = u64{1} << 18,
                     multiqueue = u64{1} << 22, send_udp = u64{1} << 56;

/// Offsets in the device's configuration [5.1.4].
inline constexpr u32 config_mac = 0, config_status = 6, config_max_pairs = 8, config_mtu = 10;
inline constexpr u16 status_link_up = 1;

/// In front of every packet in both directions [5.1.6]. Legacy devices without merged buffers end it before `buffers`.
struct Header {
    u8 flags;
    u8 segmentation;
    le16 header_size;
    le16 segment_size;
    le16 checksum_start;
    le16 checksum_offset;
    le16 buffers;
};
static_assert(sizeof(Header) == 12 && alignof(Header) == 1);
inline constexpr u32 short_header_size = 10;
inline constexpr u8 needs_checksum = 1, checksum_valid = 2;

enum class Segmentation : u8 { none = 0, tcp4 = 1, udp_fragments = 3, tcp6 = 4, udp = 5 };
inline constexpr u8 segmentation_ecn = 0x80;

/// What the header of a received packet says, checked.
struct Received {
    bool verified = false;
    Segmentation segmentation = Segmentation::none;
    u16 segment_size = 0;
    u16 segments = 1;
};
/// Nothing when the header contradicts itself or the `size` bytes that follow it. Inline: it is on every packet's way.
inline std::optional<Received> parse(const Header& header, u32 size) {
    constexpr u32 link_header = 14, least_headers = link_header + 20 + 8;
    Received result;
    result.verified = header.flags & (needs_checksum | checksum_valid);
    // Bytes without a checksum came from the same host over memory; but its place must be in the packet all the same.
    if (header.flags & needs_checksum) {
        u32 start = header.checksum_start;
        if (start < link_header || start + header.checksum_offset + 2 > size) return std::nullopt;
    }
    if (!header.segmentation) return result;
    result.segmentation = static_cast<Segmentation>(header.segmentation & ~segmentation_ecn);
    result.segment_size = header.segment_size;
    bool known = result.segmentation == Segmentation::tcp4 || result.segmentation == Segmentation::tcp6 || result.segmentation == Segmentation::udp;
    if (!known || result.segment_size == 0 || size < least_headers || !result.verified) return std::nullopt;
    // header_size is a hint that need not be right [5.1.6.4.2]; the count of segments is one as well.
    u32 headers = header.header_size;
    if (headers < least_headers || headers > size) headers = least_headers;
    u32 segments = (size - headers + result.segment_size - 1) / result.segment_size;
    result.segments = static_cast<u16>(segments ? segments : 1);
    return result;
}

/// Commands on the control queue [5.1.6.5]: these two bytes, their data, and one byte that the device answers with.
struct Command {
    u8 kind;
    u8 command;
};
inline constexpr Command set_promiscuous{0, 0}, set_all_multicast{0, 1}, set_addresses{1, 0}, set_pairs{4, 0};
inline constexpr u8 command_done = 0;

}  // namespace spore::wire::virtio_net
