// A core file's structures [elf(5), gABI chapter 5; linux include/uapi/linux/elf.h and elfcore.h]. In the order of bytes of the machines that we run on, which is
// little-endian.
#pragma once

#include "base/types.hpp"
#include "wire/elf.hpp"

namespace spore::linux::core_format {

struct FileHeader {
    u8 identification[16];
    u16 type, machine;
    u32 version;
    u64 entry, program_headers, section_headers;
    u32 flags;
    u16 size, program_header_size, program_header_count, section_header_size, section_header_count, names_section;
};
static_assert(sizeof(FileHeader) == wire::elf::file_header_size);
inline constexpr u8 identification[16] = {0x7f, 'E', 'L', 'F', 2, 1, 1};  // 64 bits, little-endian, version 1, no particular system
inline constexpr u16 core_type = 4;
inline constexpr u32 format_version = 1;
/// From this number on the count of program headers would be elsewhere (PN_XNUM).
inline constexpr u64 most_program_headers = 0xffff - 1;

struct ProgramHeader {
    u32 type, flags;
    u64 offset, address, physical_address, file_size, memory_size, alignment;
};
static_assert(sizeof(ProgramHeader) == wire::elf::program_header_size);

struct NoteHeader {
    u32 name_size, size, type;
};
enum class Note : u32 {
    status = 1, floating_point = 2, process = 3, auxiliary = 6,
    x86_state = 0x202, arm_thread_pointer = 0x401, arm_pointer_masks = 0x406,
    files = 0x4649'4c45, signal = 0x5349'4749,
};

struct Time {
    u64 seconds, microseconds;
};

/// NT_PRSTATUS: struct elf_prstatus. `Registers` are the machine's.
template <typename Registers>
struct Status {
    i32 signal, code, error;
    u16 current_signal, padding;
    u64 pending, blocked;
    i32 id, parent, group, session;
    Time user, system, children_user, children_system;
    Registers registers;
    u32 has_floating_point, padding_2;
};

/// NT_PRPSINFO: struct elf_prpsinfo.
struct ProcessFacts {
    u8 state, state_letter, zombie, nice;
    u32 padding;
    u64 flags;
    u32 uid, gid;
    i32 id, parent, group, session;
    char name[16];
    char arguments[80];
};
static_assert(sizeof(ProcessFacts) == 136);

/// NT_FILE: this, as many ranges, and the paths of each with a zero behind it.
struct FileListHeader {
    u64 count, page_size;
};
struct FileRange {
    u64 start, end, page;  ///< `page` of the file is at `start`
};

}  // namespace spore::linux::core_format
