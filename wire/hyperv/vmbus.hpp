// VMBus, by which Hyper-V offers devices: messages about channels, and the rings that a channel consists of [openvmm vm/devices/vmbus/vmbus_core,
// vmbus_ring; linux include/linux/hyperv.h]. Of version 4.0, which every host since Windows Server 2016 speaks.
#pragma once

#include <array>

#include "base/types.hpp"
#include "wire/hyperv/hypervisor.hpp"

namespace spore::wire::hyperv {

struct Guid {
    u32 a;
    u16 b, c;
    u8 d[8];
    friend bool operator==(const Guid&, const Guid&) = default;
};
static_assert(sizeof(Guid) == 16);

// ---- messages ----
inline constexpr u32 version = 4 << 16;
inline constexpr u32 message_connection = 1;  ///< where this version's messages go to

enum class MessageKind : u32 {
    offer = 1,
    rescind = 2,
    request_offers = 3,
    all_offers = 4,
    open_channel = 5,
    open_result = 6,
    close_channel = 7,
    share_header = 8,
    share_body = 9,
    shared = 10,
    channel_released = 13,
    contact = 14,
    contact_answer = 15,
};
struct MessageHeader {
    MessageKind kind;
    u32 padding;
};

struct Contact {
    MessageHeader header;
    u32 version, processor;
    u64 interrupt_page, monitor_pages[2];
};
static_assert(sizeof(Contact) == 40);

struct ContactAnswer {
    MessageHeader header;
    u8 supported, state;
    u16 padding;
    u32 connection;
};

inline constexpr u32 user_data_size = 120;
struct OfferMessage {
    MessageHeader header;
    Guid interface, instance;
    u32 reserved[4];
    u16 flags, megabytes;
    u8 user_data[user_data_size];
    u16 subchannel, optional_megabytes;
    u32 channel;
    u8 monitor, has_monitor;
    u16 is_dedicated;
    u32 connection;
};
static_assert(sizeof(OfferMessage) == 8 + 188);

/// rescind, close_channel, channel_released.
struct ChannelMessage {
    MessageHeader header;
    u32 channel;
};

/// Memory that is shared under a number of ours: `bytes` of list, of which the header and then each body carry what fits.
struct ShareHeader {
    MessageHeader header;
    u32 channel, number;
    u16 list_bytes, ranges;
    // the first range
    u32 bytes, offset;
    u64 frames[26];
} __attribute__((packed));
static_assert(sizeof(ShareHeader) == 28 + 26 * 8 && sizeof(ShareHeader) <= message_size);
struct ShareBody {
    MessageHeader header;
    u32 index, number;
    u64 frames[28];
};
static_assert(sizeof(ShareBody) == message_size);
struct Shared {
    MessageHeader header;
    u32 channel, number, status;
};

struct OpenChannel {
    MessageHeader header;
    u32 channel, number, rings, processor, incoming_page;
    u8 user_data[user_data_size];
};
static_assert(sizeof(OpenChannel) == 148);
struct OpenResult {
    MessageHeader header;
    u32 channel, number, status;
};

// ---- rings ----

/// The first page of a ring; its bytes follow from the next on. Positions count bytes and are less than their number; equal ones mean that the ring
/// is empty. Who writes moves `in`, who reads moves `out`.
struct RingHead {
    u32 in, out;
    u32 interrupt_mask;   ///< the reader's: not 0 when it wants no events
    u32 pending_bytes;    ///< the writer's: it waits for so much room, and wants an event then
    u32 reserved[12];
    u32 features;
};
static_assert(__builtin_offsetof(RingHead, features) == 64);
inline constexpr u32 tells_pending = 1;  ///< feature

/// All of a packet but the descriptor, and the trailer, are filled up to whole units.
inline constexpr u32 unit = 8;
enum class PacketKind : u16 { in_band = 6, transfer_pages = 7, direct = 9, completion = 11 };
inline constexpr u16 wants_completion = 1;
struct PacketHead {
    PacketKind kind;
    u16 data_units, units;  ///< where the data begins, and where it ends
    u16 flags;
    u64 transaction;
};
static_assert(sizeof(PacketHead) == 16);
/// Behind each packet: where it began, in the upper half.
inline constexpr u32 trailer_size = 8;

/// In front of the data of PacketKind::direct: ranges of memory, each with the numbers of the frames that it touches.
struct DirectHead {
    u32 reserved, ranges;
};
struct RangeHead {
    u32 bytes, offset;
};
/// In front of the data of PacketKind::transfer_pages: pieces of shared memory.
struct TransferHead {
    u16 memory, reserved;
    u32 ranges;
};
struct TransferRange {
    u32 bytes, offset;
};

}  // namespace spore::wire::hyperv
