// One entry of a translation table [intel/vol3 4.5], and the walk through the four levels.
#pragma once

#include "arch/mmu.hpp"

namespace spore::arch {

/// Bit positions of an entry.
namespace page_bit {
inline constexpr u64 present = 1 << 0, write = 1 << 1, program = 1 << 2, write_through = 1 << 3, no_cache = 1 << 4, accessed = 1 << 5,
                     dirty = 1 << 6, large = 1 << 7, global = 1 << 8, reserved = 1 << 9, no_execute = u64{1} << 63;
}

struct TableEntry {
    u64 bits;

    bool present() const { return bits & page_bit::present; }
    /// Holds a mapping, if only one without any access (PROT_NONE keeps its frame).
    bool in_use() const { return bits & (page_bit::present | page_bit::reserved); }
    bool large() const { return bits & page_bit::large; }
    PhysAddr frame() const { return {bits & 0x000f'ffff'ffff'f000}; }
    TableEntry* table() const { return static_cast<TableEntry*>(direct(frame())); }
};

inline constexpr unsigned entries_per_table = 512;
/// Levels count from 1 (4 KiB pages) to 4 (the root).
constexpr unsigned index_at(u64 address, unsigned level) { return address >> (12 + 9 * (level - 1)) & 511; }
constexpr u64 span_at(unsigned level) { return u64{1} << (12 + 9 * (level - 1)); }

/// Where the kernel's half of the address space keeps what.
namespace kernel_half {
inline constexpr u64 direct_map = 0xffff'8000'0000'0000;
inline constexpr u64 stacks = 0xffff'c000'0000'0000;
inline constexpr u64 devices = 0xffff'd000'0000'0000;
inline constexpr u64 image = 0xffff'ffff'8000'0000;
}  // namespace kernel_half

/// Maps one page in the kernel's half. Tables it needs come from allocate_table().
Result<void> map_kernel(VirtAddr at, PhysAddr frame, u64 bits);

}  // namespace spore::arch
