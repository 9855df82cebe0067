// What drivers and VMware's paravirtual SCSI adapter share. Everything is little-endian, as are the CPUs that this runs on.
#pragma once

#include "base/types.hpp"

namespace spore::wire::pvscsi {

enum class Register : u32 {
    command = 0x0000, command_data = 0x0004, command_status = 0x0008, interrupt_status = 0x100c, interrupt_mask = 0x2010, kick_others = 0x3014, kick_transfers = 0x4018,
};
inline constexpr u32 register_space = 0x5000;
inline constexpr u32 command_reset = 1, command_set_up_rings = 3;
inline constexpr u32 command_failed = ~u32{0};
inline constexpr u32 interrupt_completions = 3;

/// What follows the command that sets up rings, word by word.
struct Rings {
    u32 request_pages = 1, completion_pages = 1;
    u64 state_page;
    u64 request_page[32] = {};
    u64 completion_page[32] = {};
};
static_assert(sizeof(Rings) == 528);

/// Where both sides stand; numbers count without end.
struct State {
    u32 requests_made, requests_taken, request_entries_shift;
    u32 completions_made, completions_taken, completion_entries_shift;
};

struct Request {
    u64 context;
    u64 data_address, data_size;
    u64 sense_address;
    u32 sense_size;
    u32 flags;
    u8 command[16];
    u8 command_size;
    u8 lun[8];
    u8 tag;
    u8 bus, target;
    u8 cpu_hint;
    u8 reserved[59];
};
static_assert(sizeof(Request) == 128);
inline constexpr u32 flag_list = 1 << 0, flag_no_data = 1 << 2, flag_to_host = 1 << 3, flag_to_device = 1 << 4;
inline constexpr u8 simple_tag = 0x20;

struct Piece {
    u64 address;
    u32 size;
    u32 flags;
};
static_assert(sizeof(Piece) == 16);

struct Completion {
    u64 context;
    u64 data_size;
    u32 sense_size;
    u16 host_status;
    u16 scsi_status;
    u32 reserved[2];
};
static_assert(sizeof(Completion) == 32);
inline constexpr u16 host_good = 0x00, host_linked_good = 0x0a, host_linked_flag_good = 0x0b, host_underrun = 0x0c, host_no_target = 0x11;

}  // namespace spore::wire::pvscsi
