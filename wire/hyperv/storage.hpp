// Hyper-V's disk controllers: what a channel's packets carry [openvmm vm/devices/storage/storvsp_protocol; linux drivers/scsi/storvsc_drv.c]. Of version
// 5.1 and later, which hosts since Windows Server 2012 speak: before it, requests are shorter.
#pragma once

#include "wire/hyperv/vmbus.hpp"

namespace spore::wire::hyperv {

inline constexpr Guid storage_scsi{0xba6163d9, 0x04a1, 0x4d29, {0xb6, 0x05, 0x72, 0xe2, 0xff, 0xb1, 0xdc, 0x7f}};
/// A disk of the IDE controller, which is not asked: its instance tells by `a` which channel's and by `b` which of that it is.
inline constexpr Guid storage_ide{0x32412632, 0x86cb, 0x44a2, {0x9b, 0x5c, 0x50, 0xd1, 0x41, 0x73, 0x54, 0xf5}};

enum class StorageOperation : u32 {
    completion = 1,
    remove_device = 2,
    execute = 3,
    begin_initialization = 7,
    end_initialization = 8,
    query_version = 9,
    query_properties = 10,
    enumerate_bus = 11,
    notification = 14,
};
/// Flag of a packet.
inline constexpr u32 storage_wants_completion = 1;

/// The major number in the upper byte; the best first.
inline constexpr u16 storage_versions[] = {6 << 8 | 2, 6 << 8 | 0, 5 << 8 | 1};

inline constexpr u32 storage_sense_size = 20;
enum class StorageData : u8 { to_device = 0, to_host = 1, none = 2 };
inline constexpr u32 storage_flag_queue_action = 0x02, storage_flag_no_synchronous_transfer = 0x08, storage_flag_to_host = 0x40, storage_flag_to_device = 0x80;
inline constexpr u8 storage_untagged = 0xff, storage_simple_tag = 0x20;

/// A command, and in the completion what became of it.
struct StorageRequest {
    u16 size;
    u8 outcome;      ///< a StorageOutcome and flags
    u8 scsi_status;
    u8 port, path, target, lun;
    u8 command_size, sense_size;
    StorageData data;
    u8 reserved;
    u32 data_bytes;  ///< in the completion: that were transferred
    u8 command_or_sense[storage_sense_size];
    // since 5.1
    u16 reserved2;
    u8 tag, action;
    u32 flags, seconds, sort_key;
};
static_assert(sizeof(StorageRequest) == 0x34);

/// A request block's status, as Windows numbers them.
enum class StorageOutcome : u8 {
    success = 0x01,
    aborted = 0x02,
    error = 0x04,
    busy = 0x05,
    invalid_path = 0x07,
    no_device = 0x08,
    selection_timeout = 0x0a,
    bus_reset = 0x0e,
    other_length = 0x12,
    flushed = 0x16,
    invalid_lun = 0x20,
    invalid_target = 0x21,
};
inline constexpr u8 storage_outcome_mask = 0x3f, storage_sense_valid = 0x80;

struct StorageProperties {
    u32 reserved;
    u16 most_subchannels, reserved2;
    u32 flags, most_bytes;  ///< of data in one request
    u32 reserved3[2];
};
static_assert(sizeof(StorageProperties) == 24);

/// All of a packet's data, in both directions.
struct StoragePacket {
    StorageOperation operation;
    u32 flags;
    u32 status;  ///< 0: good
    union {
        StorageRequest request;
        u16 version;
        StorageProperties properties;
    };
};
static_assert(sizeof(StoragePacket) == 0x40);

}  // namespace spore::wire::hyperv
