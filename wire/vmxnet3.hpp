// What drivers and VMware's vmxnet3 cards share, in the cards' first revision, which all of them know. Everything is little-endian, as are the CPUs
// that this runs on. VMware has published no specification: this is what its open drivers, others and QEMU's card agree on.
#pragma once

#include <cstddef>

#include "base/types.hpp"

namespace spore::wire::vmxnet3 {

/// Of BAR 0; each stands for a row of registers, 8 bytes apart: of interrupts, or of queues.
enum class QueueRegister : u32 { interrupt_mask = 0x000, sent = 0x600, received = 0x800 };
/// Of BAR 1.
enum class Register : u32 {
    revisions = 0x00, upt_versions = 0x08, shared_low = 0x10, shared_high = 0x18, command = 0x20, address_low = 0x28, address_high = 0x30,
    interrupt_cause = 0x38, events = 0x40,
};
inline constexpr u32 register_space = 0x1000;

/// Reading the register that it was written to gives the answer.
enum class Command : u32 {
    activate = 0xcafe'0000, quiesce = 0xcafe'0001, reset = 0xcafe'0002, update_receive_mode = 0xcafe'0003, update_groups = 0xcafe'0004,
    get_link = 0xf00d'0002, get_interrupts = 0xf00d'0008,
};
inline constexpr u32 link_up = 1 << 0;               ///< in the answer to get_link
inline constexpr u32 interrupts_mask_mode = 3 << 2;  ///< in the answer to get_interrupts; 0: an interrupt masks itself

inline constexpr u32 event_receive_error = 1 << 0, event_send_error = 1 << 1, event_link = 1 << 2;

inline constexpr u32 magic = 0xbabe'fee1;
inline constexpr u64 feature_receive_checksum = 1 << 0;
inline constexpr u32 guest_64_bits = 2, guest_linux = 1 << 2;
inline constexpr u32 disable_all_interrupts = 1 << 0;
inline constexpr u32 most_interrupts = 25;
inline constexpr u32 receive_unicast = 1 << 0, receive_multicast = 1 << 1, receive_broadcast = 1 << 2, receive_all_multicast = 1 << 3,
                     receive_promiscuous = 1 << 4;

/// What the driver has set up; the card reads it when it is told to.
struct Shared {
    u32 magic, reserved0;
    u32 driver_version, guest, driver_revisions, driver_upt_versions;
    u64 features;
    u64 driver_data, queues;  ///< addresses: of nothing, and of the queues' descriptions, those that send first
    u32 driver_data_size, queues_size;
    u32 mtu;
    u16 most_receive_pieces;
    u8 send_queues, receive_queues;
    u32 reserved1[4];
    u8 interrupts_mask_themselves, interrupts, event_interrupt, moderation[most_interrupts];
    u32 interrupt_control, reserved2[2];
    u32 receive_mode;
    u16 groups_size, reserved3;  ///< bytes
    u64 groups;                  ///< an address
    u32 vlans[128];
    u64 other_settings[6];       ///< of receive-side scaling, power management, plug-ins
    u32 events;                  ///< written by the card; the driver clears them through the register
    u32 reserved4[5];
};
static_assert(offsetof(Shared, features) == 24 && offsetof(Shared, interrupts_mask_themselves) == 80 && offsetof(Shared, receive_mode) == 120);
static_assert(offsetof(Shared, vlans) == 136 && offsetof(Shared, events) == 696 && sizeof(Shared) == 720);

inline constexpr u32 queue_alignment = 128;
struct alignas(queue_alignment) SendQueue {
    u32 deferred, threshold;
    u64 reserved0;
    u64 ring, data_ring, completions, driver_data, reserved1;
    u32 ring_size, data_ring_size, completions_size, driver_data_size;
    u8 interrupt, reserved2[7];
    u8 stopped, reserved3[3];
    u32 error;
    u64 counts[10];
};
struct alignas(queue_alignment) ReceiveQueue {
    u8 wants_updates, reserved0[7];  ///< written by the card: it wants to be told of returned buffers
    u64 reserved1;
    u64 rings[2], completions, driver_data, reserved2;
    u32 ring_sizes[2], completions_size, driver_data_size;
    u8 interrupt, reserved3[7];
    u8 stopped, reserved4[3];
    u32 error;
    u64 counts[10];
};
static_assert(offsetof(SendQueue, interrupt) == 72 && sizeof(SendQueue) == 256);
static_assert(offsetof(ReceiveQueue, interrupt) == 72 && sizeof(ReceiveQueue) == 256);

/// A descriptor of a ring. It is whose its generation says: that flips each time around, and begins with 1.
struct Descriptor {
    u64 address;
    u32 low, high;
};
static_assert(sizeof(Descriptor) == 16);
inline constexpr u32 ring_size_step = 32;

inline constexpr u32 receive_generation = u32{1} << 31;  ///< in `low`, beside the buffer's size

/// Of packets to be sent: `low` is a size below 16 KiB (0: that), and the place or size that the mode is about; `high` the headers' size.
inline constexpr u32 send_generation = 1 << 14, send_end = 1 << 12, send_report = 1 << 13;
inline constexpr u32 largest_piece = 1 << 14, most_pieces = 16, most_segmented_pieces = 24;
inline constexpr u32 mode_checksum = 2 << 10, mode_segments = 3 << 10, argument_shift = 18;

struct Completion {
    u32 words[4];

    static constexpr u32 generation = u32{1} << 31;  ///< in the last word
    u32 slot() const { return words[0] & 0xfff; }

    // ---- of what was received ----
    bool is_end() const { return words[0] & 1 << 14; }
    bool is_start() const { return words[0] & 1 << 15; }
    u32 ring() const { return words[0] >> 16 & 0x3ff; }
    u32 size() const { return words[2] & 0x3fff; }
    bool is_error() const { return words[2] & 1 << 14; }
    /// The checksums of TCP or UDP and of IPv4, where there is one, are right.
    bool is_verified() const {
        constexpr u32 transport_right = 1 << 16, udp = 1 << 17, tcp = 1 << 18, ip_right = 1 << 19, v6 = 1 << 20, fragment = 1 << 22;
        return !(words[0] & 1 << 30) && words[3] & transport_right && words[3] & (udp | tcp) && words[3] & (ip_right | v6) && !(words[3] & fragment);
    }
};
static_assert(sizeof(Completion) == 16);

}  // namespace spore::wire::vmxnet3
