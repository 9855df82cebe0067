// The PVH start of day structures [xen/include/public/arch-x86/hvm/start_info.h].
#pragma once

#include "base/types.hpp"

namespace spore::arch::pvh {

inline constexpr u32 magic = 0x336ec578;

struct StartInfo {
    u32 magic, version, flags, module_count;
    u64 modules, command_line, rsdp;
    u64 memory_map;      ///< version 1 and later
    u32 memory_map_entries, reserved;
};
struct Module {
    u64 start, size, command_line, reserved;
};
struct MemoryEntry {
    u64 start, size;
    u32 type, reserved;
};
inline constexpr u32 type_ram = 1;

}  // namespace spore::arch::pvh
