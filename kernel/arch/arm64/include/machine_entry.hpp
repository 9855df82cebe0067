// One entry of a translation table [arm/DDI0487 D8.3], and what common/mmu/page_table.cpp knows of the machine.
#pragma once

#include "../../common/mmu/levels.hpp"
#include "arch/mmu.hpp"

namespace spore::arch {

/// Bit positions of an entry. At levels above the first, the second bit tells a table from a block.
namespace page_bit {
inline constexpr u64 valid = 1 << 0, table_or_page = 1 << 1, device = 1 << 2, programs = 1 << 6, read_only = 1 << 7, inner_shareable = 3 << 8,
                     accessed = 1 << 10, not_global = 1 << 11, branch_targets = u64{1} << 50, kernel_no_execute = u64{1} << 53, program_no_execute = u64{1} << 54,
                     no_execute = kernel_no_execute | program_no_execute,
                     reserved = u64{1} << 55;  ///< ours: holds a mapping, if only one without any access (PROT_NONE keeps its frame)
}  // namespace page_bit

struct TableEntry {
    u64 bits;

    bool present() const { return bits & page_bit::valid; }
    bool in_use() const { return bits & (page_bit::valid | page_bit::reserved); }
    /// Not for entries of the first level.
    bool large() const { return !(bits & page_bit::table_or_page); }
    PhysAddr frame() const { return {bits & 0x0000'ffff'ffff'f000}; }
    TableEntry* table() const { return static_cast<TableEntry*>(direct(frame())); }
};

/// Upper tables grant everything; the last level decides.
inline constexpr u64 table_bits = page_bit::valid | page_bit::table_or_page | page_bit::reserved;
/// All but the frame's address, for a page of `size`.
u64 entry_bits(Access access, std::size_t size);
Access access_of(TableEntry entry);
/// What a change of access keeps.
inline constexpr u64 kept_state_bits = 0;
inline constexpr u64 kept_bits = 0x0000'ffff'ffff'f000;
// Not every CPU notes by itself what was accessed, and nobody asks yet: whatever may be written counts as written.
inline bool is_dirty(TableEntry entry) { return access_of(entry).write; }
inline bool is_accessed(TableEntry entry) { return entry.present(); }
inline u64 cleaned(u64 bits) { return bits; }

/// A root's address carries its ASID in the upper 16 bits, as TTBR0_EL1 does.
inline constexpr unsigned asid_shift = 48;
inline TableEntry* root_table(PhysAddr root) { return static_cast<TableEntry*>(direct({root.value & ((u64{1} << asid_shift) - 1)})); }
Result<PhysAddr> create_root();
void free_root(PhysAddr root);
/// Puts other bits into an entry, by way of an invalid one where the memory behind it changes [D8.16.1].
void set_entry(PhysAddr root, VirtAddr at, TableEntry& entry, u64 bits);
/// The frame was written as data and is about to be mapped as code: makes instruction fetches see that.
void prepare_code(PhysAddr frame, std::size_t size);

}  // namespace spore::arch
