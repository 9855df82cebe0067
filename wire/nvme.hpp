// What drivers and NVMe controllers share [NVM Express 1.4]. Everything is little-endian, as are the CPUs that this runs on.
#pragma once

#include "base/types.hpp"

namespace spore::wire::nvme {

/// Offsets of registers [3.1]; those of 64 bits are written as two.
enum class Register : u32 {
    capabilities = 0x00, version = 0x08, configuration = 0x14, status = 0x1c, admin_sizes = 0x24, admin_submissions = 0x28, admin_completions = 0x30,
    doorbells = 0x1000,
};
/// As many doorbells as are reached: more queues than there are CPUs, unless they lie far apart.
inline constexpr u32 register_space = 0x2000;

/// The capabilities' two words.
struct Capabilities {
    u32 low, high;
    u32 most_entries() const { return (low & 0xffff) + 1; }
    /// How long being enabled or disabled may take, in halves of a second.
    u32 timeout() const { return low >> 24; }
    /// Bytes from one doorbell to the next.
    u32 doorbell_stride() const { return 4u << (high & 15); }
    /// Knows the NVM commands, and takes pages of 4 KiB.
    bool is_usable() const { return high & 1 << 5 && !(high >> 16 & 15); }
};
inline constexpr u32 version_1_1 = 0x1'01'00;
/// Enabled, with pages of 4 KiB, and entries of 64 and 16 bytes.
inline constexpr u32 configuration_enabled = 1 | 6 << 16 | 4 << 20;
inline constexpr u32 status_ready = 1 << 0, status_fatal = 1 << 1;
constexpr u32 admin_sizes(u32 entries) { return (entries - 1) | (entries - 1) << 16; }

enum class AdminOperation : u8 { create_submissions = 0x01, create_completions = 0x05, identify = 0x06, set_features = 0x09 };
enum class Operation : u8 { flush = 0x00, write = 0x01, read = 0x02, manage_data = 0x09 };

/// An entry of a submission queue [4.2].
struct Command {
    u8 operation;
    u8 flags;
    u16 id;
    u32 namespace_id;
    u64 reserved;
    u64 metadata;
    u64 pages[2];  ///< the data's first page, and its second or a list of the others [4.3]
    u32 arguments[6];
};
static_assert(sizeof(Command) == 64);

/// An entry of a completion queue [4.6].
struct Completion {
    u32 result;
    u32 reserved;
    u32 submission;  ///< how far the controller has come, and in which queue
    u32 what;        ///< the command's id, the phase, and the status
};
static_assert(sizeof(Completion) == 16);
constexpr u16 id_of(u32 what) { return static_cast<u16>(what); }
constexpr bool phase_of(u32 what) { return what >> 16 & 1; }
/// Kind and code; 0 is success [4.6.1].
constexpr u32 status_of(u32 what) { return what >> 17 & 0x7ff; }
inline constexpr u32 status_write_protected = 0x020, status_out_of_range = 0x080;

/// Arguments of the admin commands.
inline constexpr u32 identify_namespace = 0, identify_controller = 1, identify_active = 2;
inline constexpr u32 feature_queues = 7;
constexpr u32 queue_size_and_number(u32 entries, u32 number) { return (entries - 1) << 16 | number; }
inline constexpr u32 queue_contiguous = 1 << 0, queue_interrupts = 1 << 1;

/// What manage_data tells of a range, whose page holds as many as the first argument says, less one; and its second: they hold nothing any more [6.7].
struct DataRange {
    u32 attributes, blocks;
    u64 first;
};
static_assert(sizeof(DataRange) == 16);
inline constexpr u32 operations_manage_data = 1 << 2, manage_deallocate = 1 << 2;

/// Of what identify tells of a controller [5.15.2.2].
inline constexpr u32 controller_transfer_limit = 77;  ///< u8: pages, as a power of two; 0: none
inline constexpr u32 controller_namespaces = 516;     ///< u32: the highest number
inline constexpr u32 controller_operations = 520;     ///< u16: bit 2: manage_data
inline constexpr u32 controller_cache = 525;          ///< u8: bit 0: what was written is durable after a flush only
/// And of a namespace [5.15.2.1].
inline constexpr u32 namespace_size = 0;        ///< u64: blocks
inline constexpr u32 namespace_format = 26;     ///< u8: which of the formats, bits 0 to 3
inline constexpr u32 namespace_attributes = 99; ///< u8: bit 0: write-protected
inline constexpr u32 namespace_formats = 128;   ///< u32 each: bytes of metadata, and from bit 16 on the block's size as a power of two
inline constexpr u32 identify_size = 4096;

}  // namespace spore::wire::nvme
