// One entry of a translation table [intel/vol3 4.5], and what common/mmu/page_table.cpp knows of the machine.
#pragma once

#include "../../common/mmu/levels.hpp"
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

/// Upper tables grant everything; the last level decides.
inline constexpr u64 table_bits = page_bit::present | page_bit::write | page_bit::program | page_bit::reserved;
/// All but the frame's address, for a page of `size`.
u64 entry_bits(Access access, std::size_t size);
inline Access access_of(TableEntry entry) {
    bool present = entry.present();
    return {.read = present,
            .write = present && (entry.bits & page_bit::write),
            .execute = present && !(entry.bits & page_bit::no_execute)};
}
/// What a change of access keeps.
inline constexpr u64 kept_state_bits = page_bit::accessed | page_bit::dirty;
inline constexpr u64 kept_bits = 0x000f'ffff'ffff'f000 | kept_state_bits | page_bit::large;
inline bool is_dirty(TableEntry entry) { return entry.bits & page_bit::dirty; }
inline bool is_accessed(TableEntry entry) { return entry.bits & page_bit::accessed; }
inline u64 cleaned(u64 bits) { return bits & ~(page_bit::accessed | page_bit::dirty); }

inline TableEntry* root_table(PhysAddr root) { return static_cast<TableEntry*>(direct(root)); }
Result<PhysAddr> create_root();
inline void free_root(PhysAddr root) { free_table(root); }
/// Puts other bits into an entry. The CPU may go on using what was there until it is flushed.
inline void set_entry(PhysAddr, VirtAddr, TableEntry& entry, u64 bits) { __atomic_store_n(&entry.bits, bits, __ATOMIC_RELEASE); }
/// The frame was written as data and is about to be mapped as code: nothing to do on this machine.
inline void prepare_code(PhysAddr, std::size_t) {}

/// Maps one page in the kernel's half. Tables it needs come from allocate_table().
Result<void> map_kernel(VirtAddr at, PhysAddr frame, u64 bits);

}  // namespace spore::arch
