// What drivers and Intel's gigabit controllers share: the 8254x family (82540EM, 82545EM) and the 82574L.
// [8254x] is the "PCI/PCI-X Family of Gigabit Ethernet Controllers Software Developer's Manual", [82574] that controller's data sheet.
#pragma once

#include "base/types.hpp"

namespace spore::wire::e1000 {

/// Offsets of registers [8254x 13.4, 82574 10.2].
enum class Register : u32 {
    control = 0x0000, status = 0x0008, eeprom_read = 0x0014, extended_control = 0x0018,
    interrupt_cause = 0x00c0, interrupt_set = 0x00d0, interrupt_clear = 0x00d8,
    interrupt_auto_clear = 0x00dc, interrupt_auto_mask = 0x00e0, interrupt_vectors = 0x00e4,  // 82574 only
    receive_control = 0x0100, transmit_control = 0x0400, transmit_gap = 0x0410,
    receive_base_low = 0x2800, receive_base_high = 0x2804, receive_length = 0x2808, receive_head = 0x2810, receive_tail = 0x2818,
    receive_delay = 0x2820,
    transmit_base_low = 0x3800, transmit_base_high = 0x3804, transmit_length = 0x3808, transmit_head = 0x3810, transmit_tail = 0x3818,
    transmit_delay = 0x3820, receive_checksum = 0x5000, multicast_table = 0x5200, receive_address_low = 0x5400, receive_address_high = 0x5404,
};
inline constexpr u32 register_space = 128_KiB;

inline constexpr u32 control_full_duplex = 1 << 0, control_auto_speed = 1 << 5, control_link_up = 1 << 6, control_reset = 1 << 26;
inline constexpr u32 status_link_up = 1 << 1;
inline constexpr u32 extended_control_mask_automatically = 1 << 24;  ///< EIAME: a message that was sent masks its causes [82574 10.2.2.7]
inline constexpr u32 receive_address_valid = u32{1} << 31;
inline constexpr u32 multicast_words = 128;

/// Causes of interrupts, in the cause, set and clear registers.
inline constexpr u32 cause_sent = 1 << 0, cause_link = 1 << 2, cause_few_buffers = 1 << 4, cause_overrun = 1 << 6, cause_received = 1 << 7,
                     cause_receive_queue = 1 << 20, cause_send_queue = 1 << 22, cause_other = 1 << 24;
/// Messages of the 82574: number 0 for the queues, 1 for the rest; the high bit of each nibble makes it valid [82574 10.2.4.9].
inline constexpr u32 vectors_queues_and_other = 0x8 | 0x8 << 8 | 0x9 << 16;

inline constexpr u32 receive_enable = 1 << 1, receive_promiscuous = 1 << 3, receive_all_multicast = 1 << 4, receive_broadcast = 1 << 15,
                     receive_strip_crc = 1 << 26;  // buffers of 2048 bytes are the other bits' zeros
inline constexpr u32 receive_buffer_size = 2048;
inline constexpr u32 transmit_enable = 1 << 1, transmit_pad = 1 << 3, transmit_collisions = 0x0f << 4 | 0x40 << 12;
inline constexpr u32 transmit_gap_copper = 10 | 8 << 10 | 6 << 20;  // [8254x 14.5]
inline constexpr u32 checksum_ip = 1 << 8, checksum_transport = 1 << 9;

/// The EEPROM's first three words are the MAC address. Where the read register has its fields differs [8254x 13.4.4, 82574 10.2.2.5].
struct EepromLayout {
    u32 address_shift, done;
};
inline constexpr EepromLayout eeprom_8254x{8, 1 << 4}, eeprom_82574{2, 1 << 1};
inline constexpr u32 eeprom_start = 1, eeprom_data_shift = 16;

/// A descriptor of the receive ring, the form that all of them know [8254x 3.2.3].
struct Received {
    u64 address;
    u16 length;
    u16 checksum;
    u8 status;
    u8 errors;
    u16 special;
};
static_assert(sizeof(Received) == 16);
inline constexpr u8 received_done = 1 << 0, received_end = 1 << 1, received_no_checksum = 1 << 2, received_udp_summed = 1 << 4,
                    received_tcp_summed = 1 << 5;
inline constexpr u8 error_transport = 1 << 5, error_ip = 1 << 6, errors_of_frame = 0x97;  ///< CE, SE, SEQ, CXE, RXE

/// A descriptor of the transmit ring, of either kind [8254x 3.3.6, 3.3.7].
struct Transmit {
    u64 low, high;
};
inline constexpr u64 transmit_done = u64{1} << 32;  ///< in `high`, written by the device
inline constexpr u64 command_end = u64{1} << 24, command_crc = u64{1} << 25, command_segment = u64{1} << 26, command_report = u64{1} << 27,
                     command_extended = u64{1} << 29, data_kind = u64{1} << 20;
inline constexpr u64 option_ip_checksum = u64{1} << 40, option_transport_checksum = u64{1} << 41;
inline constexpr u64 context_tcp = u64{1} << 24, context_ipv4 = u64{1} << 25;

/// Where checksums begin, and where they go, counted from the frame's first byte.
struct ChecksumPlaces {
    u8 ip_start, ip_field;
    u16 ip_last;
    u8 transport_start, transport_field;
};
constexpr u64 context_low(const ChecksumPlaces& p) {
    return p.ip_start | u64{p.ip_field} << 8 | u64{p.ip_last} << 16 | u64{p.transport_start} << 32 | u64{p.transport_field} << 40;
}
constexpr u64 context_high(u32 payload, u64 flags, u8 header_size, u16 segment_size) {
    return payload | command_extended | flags | u64{header_size} << 40 | u64{segment_size} << 48;
}

}  // namespace spore::wire::e1000
