// Multiboot2 boot information: tags one after another, 8-aligned [multiboot2 spec 3.6].
#pragma once

#include "base/types.hpp"

namespace spore::arch::multiboot2 {

struct Information {
    u32 total_size, reserved;
};
struct Tag {
    u32 type, size;
};
enum TagType : u32 { end = 0, command_line = 1, module = 3, memory_map = 6, acpi_old = 14, acpi_new = 15 };
struct ModuleTag {
    Tag tag;
    u32 start, end;
};
struct MemoryMapTag {
    Tag tag;
    u32 entry_size, entry_version;
};
struct MemoryEntry {
    u64 start, size;
    u32 type, reserved;
};
inline constexpr u32 type_ram = 1;

}  // namespace spore::arch::multiboot2
