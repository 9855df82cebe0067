// The layouts that virtio devices and drivers share [virtio 1.2]. All fields are little-endian; x86-64 and arm64 are too, so the
// rings, which both sides update, are plain integers here.
#pragma once

#include "base/bytes.hpp"

namespace spore::wire::virtio {

enum class DeviceId : u32 { none = 0, net = 1, block = 2, console = 3, entropy = 4, balloon = 5, scsi = 8, ninep = 9, vsock = 19, fs = 26 };

/// Device status [2.1].
inline constexpr u8 acknowledge = 1, driver = 2, driver_ok = 4, features_ok = 8, needs_reset = 64, failed = 128;

/// Feature bits of every device [6].
inline constexpr u64 feature_event_index = u64{1} << 29, feature_version_1 = u64{1} << 32, feature_ring_packed = u64{1} << 34;

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

/// Offsets of the MMIO transport's registers [4.2.2].
enum class Mmio : u32 {
    magic = 0x00, version = 0x04, device_id = 0x08, device_features = 0x10, device_features_select = 0x14, driver_features = 0x20,
    driver_features_select = 0x24, queue_select = 0x30, queue_size_max = 0x34, queue_size = 0x38, queue_ready = 0x44, queue_notify = 0x50,
    interrupt_status = 0x60, interrupt_acknowledge = 0x64, status = 0x70, queue_descriptors = 0x80, queue_available = 0x90, queue_used = 0xa0,
    config_generation = 0xfc, config = 0x100,
};
inline constexpr u32 mmio_magic = 0x74726976;

}  // namespace spore::wire::virtio
