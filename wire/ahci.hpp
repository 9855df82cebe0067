// What drivers and AHCI controllers share [Serial ATA AHCI 1.3.1], and of ATA commands what they need [ACS-3]. Everything is little-endian.
#pragma once

#include "base/types.hpp"

namespace spore::wire::ahci {

/// Offsets of the controller's registers [3.1].
enum class Register : u32 { capabilities = 0x00, control = 0x04, interrupts = 0x08, ports = 0x0c };
inline constexpr u32 register_space = 0x1100;
inline constexpr u32 capable_of_queues = 1 << 30;
inline constexpr u32 capable_of_wide_addresses = u32{1} << 31;
constexpr u32 slots_of(u32 capabilities) { return (capabilities >> 8 & 31) + 1; }
inline constexpr u32 control_reset = 1 << 0, control_interrupts = 1 << 1, control_ahci = u32{1} << 31;
inline constexpr u32 most_ports = 32;

/// And of a port's [3.3].
enum class PortRegister : u32 {
    list_low = 0x00, list_high = 0x04, received_low = 0x08, received_high = 0x0c, interrupts = 0x10, interrupt_enable = 0x14, command = 0x18,
    task_file = 0x20, signature = 0x24, link = 0x28, link_control = 0x2c, link_errors = 0x30, active = 0x34, issue = 0x38,
};
constexpr u32 offset_of(u32 port, PortRegister r) { return 0x100 + port * 0x80 + static_cast<u32>(r); }
inline constexpr u32 command_start = 1 << 0, command_spin_up = 1 << 1, command_power = 1 << 2, command_receive = 1 << 4, command_receives = 1 << 14,
                     command_runs = 1 << 15;
inline constexpr u32 task_error = 1 << 0, task_requests = 1 << 3, task_busy = 1 << 7;
inline constexpr u32 signature_disk = 0x0000'0101;
inline constexpr u32 link_detection = 15, link_established = 3;
inline constexpr u32 link_control_reset = 1;
/// Something is done: the device's registers came, or bits of commands in its queue.
inline constexpr u32 interrupt_registers = 1 << 0, interrupt_bits = 1 << 3;
/// Task file error, and errors of the link, the memory and the bus.
inline constexpr u32 interrupt_errors = 1 << 30 | 1 << 29 | 1 << 28 | 1 << 27;

/// An entry of a port's command list [4.2.2].
struct CommandHeader {
    u16 flags;        ///< how long the command's FIS is, in words of 32 bits; bit 6: the data goes to the device
    u16 piece_count;
    u32 transferred;
    u64 table;
    u32 reserved[4];
};
static_assert(sizeof(CommandHeader) == 32);
inline constexpr u16 header_fis_words = 5, header_write = 1 << 6;

struct Piece {
    u64 address;
    u32 reserved;
    u32 last;  ///< bytes, less one
};
static_assert(sizeof(Piece) == 16);
inline constexpr u32 most_pieces = 16;

/// The FIS that brings a command to the device [10.3.4 of Serial ATA 3].
struct CommandFis {
    u8 kind, flags, command, features_low;
    u8 lba_low[3], device;
    u8 lba_high[3], features_high;
    u8 count_low, count_high, icc, control;
    u8 reserved[4];
};
static_assert(sizeof(CommandFis) == 20);
inline constexpr u8 fis_to_device = 0x27, fis_is_command = 0x80, device_lba = 0x40;

/// What a slot's header leads to [4.2.3].
struct CommandTable {
    CommandFis fis;
    u8 rest[128 - sizeof(CommandFis)];
    Piece pieces[most_pieces];
};
static_assert(sizeof(CommandTable) == 384);

enum class Command : u8 { trim = 0x06, read = 0x25, write = 0x35, read_queued = 0x60, write_queued = 0x61, flush = 0xea, identify = 0xec };

/// Words of what a disk tells of itself.
inline constexpr u32 identify_size = 512;
inline constexpr u32 word_queue_depth = 75, word_sata = 76, word_commands = 83, word_enabled = 85, word_sectors = 100, word_sector_shape = 106, word_sector_size = 117, word_trim = 169;
inline constexpr u16 sata_queues = 1 << 8, commands_wide = 1 << 10, enabled_cache = 1 << 5;
/// The shape is valid, and sectors are larger than 512 bytes.
inline constexpr u16 shape_mask = 3 << 14 | 1 << 12, shape_large = 1 << 14 | 1 << 12;

inline constexpr u16 trims = 1 << 0;

/// What Command::trim comes with: blocks of entries, each a first sector and, in its upper 16 bits, how many. Unused ones are 0.
inline constexpr u8 feature_trim = 1;
inline constexpr u32 trim_size = 512, trim_entries = trim_size / sizeof(u64), trim_most = 0xffff;
constexpr u64 trim_entry(u64 first, u64 count) { return first | count << 48; }

}  // namespace spore::wire::ahci
