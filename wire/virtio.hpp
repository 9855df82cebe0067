// The layouts that virtio devices and drivers share [virtio 1.2]. All fields are little-endian; x86-64 and arm64 are too, so the
// rings, which both sides update, are plain integers here.
#pragma once

#include "base/bytes.hpp"

namespace spore::wire::virtio {

enum class DeviceId : u32 { none = 0, net = 1, block = 2, console = 3, entropy = 4, balloon = 5, scsi = 8, ninep = 9, vsock = 19, fs = 26 };

/// Device status [2.1].
inline constexpr u8 acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8, needs_reset = 64, failed = 128;

/// Feature bits of every device [6].
inline constexpr u64 feature_any_layout = u64{1} << 27, feature_event_index = u64{1} << 29, feature_version_1 = u64{1} << 32,
                     feature_ring_packed = u64{1} << 34;

/// Split rings [2.7].
struct Descriptor {
    u64 address;
    u32 size;
    u16 flags;
    u16 next;
};
static_assert(sizeof(Descriptor) == 16);
inline constexpr u16 descriptor_next = 1, descriptor_write = 2;

struct UsedElement {
    u32 head;
    u32 written;
};

/// Flags in the first words of the available and the used ring.
inline constexpr u16 available_no_interrupt = 1, used_no_notify = 1;

/// Packed rings [2.8]: both sides write the same descriptors, and two bits of the flags say whose turn it is.
struct PackedDescriptor {
    u64 address;
    u32 size;
    u16 id;
    u16 flags;
};
static_assert(sizeof(PackedDescriptor) == 16);
inline constexpr u16 packed_available = 1 << 7, packed_used = 1 << 15;

/// What one side tells the other of when it wants to be told [2.8.14].
struct PackedEvent {
    u16 place;  ///< a descriptor's index, with the wrap counter above
    u16 flags;
};
inline constexpr u16 packed_event_always = 0, packed_event_never = 1, packed_event_at_place = 2, packed_event_wrap = 1 << 15;

/// Devices before 1.0 find the used ring at the next multiple of this, and all of it by its page number [2.7.2].
inline constexpr u32 legacy_alignment = 4096;

/// Bits of an interrupt status register [4.1.4.5, 4.2.2].
inline constexpr u32 interrupt_queue = 1, interrupt_config = 2;

/// Offsets of the MMIO transport's registers [4.2.2].
enum class Mmio : u32 {
    magic = 0x00, version = 0x04, device_id = 0x08, device_features = 0x10, device_features_select = 0x14, driver_features = 0x20,
    driver_features_select = 0x24, page_size = 0x28, queue_select = 0x30, queue_size_max = 0x34, queue_size = 0x38, queue_align = 0x3c,
    queue_page = 0x40, queue_ready = 0x44, queue_notify = 0x50,
    interrupt_status = 0x60, interrupt_acknowledge = 0x64, status = 0x70, queue_descriptors = 0x80, queue_available = 0x90, queue_used = 0xa0,
    config_generation = 0xfc, config = 0x100,
};
inline constexpr u32 mmio_magic = 0x74726976, mmio_version_legacy = 1, mmio_version = 2;

/// Offsets in the I/O BAR of devices before 1.0 [4.1.4.10].
enum class LegacyPci : u16 {
    device_features = 0x00, driver_features = 0x04, queue_page = 0x08, queue_size = 0x0c, queue_select = 0x0e, queue_notify = 0x10, status = 0x12,
    interrupt_status = 0x13, config = 0x14,
};

}  // namespace spore::wire::virtio
