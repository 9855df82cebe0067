// What drivers and Google's virtual NIC share: registers, commands, and the descriptors of its queues in the format DQO with raw addresses. Registers and
// what commands speak of are big-endian; doorbells and descriptors are little-endian, as are the CPUs that this runs on. The source are the definitions that
// Google publishes with its open driver [gve_register.h, gve_adminq.h, gve_desc_dqo.h], and what that driver and Linux' own say of them.
#pragma once

#include <cstddef>

#include "base/bytes.hpp"

namespace spore::wire::gve {

/// Of BAR 0. Doorbells are words of BAR 2; the device gives away which.
enum class Register : u32 {
    device_status = 0x00, driver_status = 0x04, most_send_queues = 0x08, most_receive_queues = 0x0c, commands_page = 0x10, commands_doorbell = 0x14,
    commands_done = 0x18, driver_version = 0x1f, commands_high = 0x20, commands_low = 0x24, commands_size = 0x28,
};
inline constexpr u32 wants_reset = 1 << 1, link_is_up = 1 << 2, is_reset = 1 << 4;  ///< device_status
inline constexpr u32 driver_runs = 1 << 0, driver_resets = 1 << 1;                  ///< driver_status
/// From this revision in PCI on, commands are told of by their address, and a reset is asked for; before, by their page's number, and 0 resets.
inline constexpr u8 told_by_address = 1;

// ---- commands ----

enum class Opcode : u32 {
    describe_device = 0x1, configure = 0x2, create_send_queue = 0x5, create_receive_queue = 0x6, destroy_send_queue = 0x7, destroy_receive_queue = 0x8,
    deconfigure = 0x9, get_packet_types = 0xe, verify_driver = 0xf,
};
inline constexpr u32 status_passed = 1, status_unimplemented = 0xffff'fffe;

struct Command {
    be32 opcode, status;
    std::byte body[56];
};
static_assert(sizeof(Command) == 64);

struct DescribeDevice {
    be64 address;
    be32 version, size;
};
inline constexpr u32 descriptor_version = 1;
struct Descriptor {
    be64 most_pages;
    be16 reserved0, send_entries, receive_entries, usual_queues, mtu, counters, send_pages, receive_pages;
    u8 address[6];
    be16 options, size;  ///< size: with its options, which follow
    u8 reserved1[6];
};
struct Option {
    be16 id, size;  ///< size: of what follows
    be32 required;  ///< features that a driver must know that uses it
};
static_assert(sizeof(DescribeDevice) == 16 && sizeof(Descriptor) == 40 && sizeof(Option) == 8);
enum class OptionId : u16 { raw_dqo = 0x4, jumbo_frames = 0x8, buffer_sizes = 0xa };
struct RawDqo {
    be32 features, reserved;
};
inline constexpr u32 has_jumbo_frames = 1 << 2, has_buffer_sizes = 1 << 4;
struct JumboFrames {
    be32 features;
    be16 most_mtu, reserved;
};
struct BufferSizes {
    be32 features;
    be16 packet_buffer, header_buffer;
};
static_assert(sizeof(RawDqo) == 8 && sizeof(JumboFrames) == 8 && sizeof(BufferSizes) == 8);

struct VerifyDriver {
    be64 size, address;
};
struct DriverInfo {
    u8 system, major, minor, sub;
    be32 system_major, system_minor, system_sub;
    be64 abilities[4];
    char text[2][128];
};
static_assert(sizeof(DriverInfo) == 304);
inline constexpr u8 system_linux = 1;
inline constexpr u64 knows_raw_dqo = 1 << 3, knows_missed_by_tag = 1 << 4, knows_buffer_sizes = 1 << 5;

struct Configure {
    be64 counters_address, doorbells_address;
    be32 counters, doorbells, doorbell_stride, first_vector;
    u8 format, reserved[7];
};
inline constexpr u8 format_raw_dqo = 3;
struct PacketTypesCommand {
    be64 size, address;
};
struct PacketType {
    u8 network, transport;
};
inline constexpr u32 packet_types = 1024;
inline constexpr u8 network_ip4 = 2, network_ip6 = 3, transport_tcp = 2, transport_udp = 3;

struct CreateSendQueue {
    be32 queue, reserved0;
    be64 resources, ring;
    be32 page_list, doorbell;  ///< doorbell: whose interrupt is the queue's
    be64 completions;
    be16 entries, completion_entries;
    u8 reserved1[4];
};
struct CreateReceiveQueue {
    be32 queue, index, reserved0, doorbell;
    be64 resources, completions, buffers;
    be32 page_list;
    be16 entries, buffer_size, buffer_entries;
    u8 coalesces, reserved1;
    be16 header_buffer_size;
    u8 reserved2[2];
};
struct DestroyQueue {
    be32 queue;
};
static_assert(sizeof(Configure) == 40 && sizeof(CreateSendQueue) == 48 && sizeof(CreateReceiveQueue) == 56);
inline constexpr u32 raw_addresses = 0xffff'ffff;  ///< instead of a page list

/// What the device writes when it makes a queue.
struct Resources {
    be32 doorbell, counter;
    u8 reserved[56];
};
static_assert(sizeof(Resources) == 64);

// ---- doorbells of interrupts ----

/// An interrupt masks itself; this lets it come once more, and at once if something happened meanwhile.
inline constexpr u32 unmask_interrupt = 1 << 0, keep_interval = 3 << 3;
/// The same, and from now on there are so many microseconds between two.
constexpr u32 unmask_with_interval(u32 microseconds) { return unmask_interrupt | (microseconds / 2 & 0xfff) << 5; }

// ---- queues ----

inline constexpr u32 dtype_mask = 0x1f, dtype_packet = 0xc, dtype_segments = 0x5, dtype_context = 0x4;

/// Three kinds: a piece of a packet, how it is to be cut, and what is known of it.
struct SendDescriptor {
    u64 low;
    u32 what, high;
};
static_assert(sizeof(SendDescriptor) == 16);
inline constexpr u32 send_last = 1 << 5, send_checksum = 1 << 6, send_report = 1 << 7;
inline constexpr u32 cuts_segments = 1 << 5;
constexpr SendDescriptor piece_of_packet(u64 address, u32 size, u16 tag, u32 flags) { return {address, dtype_packet | flags, tag | size << 16}; }
/// `payload`: bytes to be cut; the metadata, of version 0, says nothing.
constexpr SendDescriptor segments_of_packet(u32 payload, u32 segment, u32 headers) {
    return {payload | u64{segment} << 32 | u64{headers} << 48, dtype_segments | cuts_segments, 0};
}
constexpr SendDescriptor context_of_packet() { return {0, dtype_context, 0}; }

inline constexpr u32 largest_piece = 0x3fff, most_pieces = 10;  ///< pieces: of a packet, or of each of its segments, whose headers are one
inline constexpr u32 smallest_packet = 17, largest_packet = 9728, least_segment = 88, largest_segment = 9728, most_headers = 0xff;
/// Reports are so many descriptors apart, and the last four of the ring are left alone, as two share a cache line with what is read.
inline constexpr u32 report_interval = 32, unused_descriptors = 4;

struct Sent {
    u16 what, tag;
    u32 reserved;

    static constexpr u32 phase_word = 0, phase = 1 << 15;
    u32 type() const { return what >> 11 & 7; }
};
static_assert(sizeof(Sent) == 8);
/// packet: it is sent. missed: it went another way, and will be `reinjected` later. fetched: descriptors up to `tag` are read.
enum class SentType : u32 { missed = 1, packet = 2, reinjected = 3, fetched = 4 };
inline constexpr u16 missed_tag = 1 << 15;  ///< of SentType::packet: it is missed instead

struct Buffer {
    u16 id, reserved0;
    u32 reserved1;
    u64 address, header_address, reserved2;
};
static_assert(sizeof(Buffer) == 32);
inline constexpr u32 buffer_step = 32;  ///< the device is told of buffers in such numbers; it demands 8
inline constexpr u32 least_buffer_size = 2048, most_buffer_size = 4096;

struct Received {
    u8 format, origin;
    u16 type, size, header;
    u8 status, more_status;
    u16 reserved0, id, sum;
    u32 hash, reserved1;
    u64 reserved2;

    static constexpr u32 phase_word = 1, phase = 1 << 14;
    static constexpr u8 wrong = 1 << 2, has_extensions = 1 << 1;              ///< origin
    static constexpr u16 type_mask = 0x3ff, size_mask = 0x3fff, size_phase = 1 << 14, other_queue = 1 << 15;
    static constexpr u16 header_size = 0x3ff, coalesced = 1 << 10, split = 1 << 11;
    static constexpr u8 done = 1 << 0, last = 1 << 1, processed = 1 << 3, ip_wrong = 1 << 4, transport_wrong = 1 << 5, outer_ip_wrong = 1 << 6, outer_udp_wrong = 1 << 7;

    bool is_last() const { return status & last; }
    u32 bytes() const { return size & size_mask; }
    /// It is an error, or of what was not asked for: split headers, joined segments, another queue.
    bool is_strange() const { return origin & wrong || size & other_queue || header & (header_size | coalesced | split); }
    /// Of the last of a packet of that type: the checksums of TCP or UDP, and of IPv4 where there is one, are right.
    bool is_verified(const PacketType& is) const {
        if (!(status & processed) || status & (transport_wrong | outer_udp_wrong) || (is.transport != transport_tcp && is.transport != transport_udp)) return false;
        return is.network == network_ip4 ? !(status & (ip_wrong | outer_ip_wrong)) : is.network == network_ip6 && !(origin & has_extensions);
    }
};
static_assert(sizeof(Received) == 32 && offsetof(Received, status) == 8 && offsetof(Received, id) == 12);

}  // namespace spore::wire::gve
