// A table's entry, which no hardware reads: the host's mappings are made of it one by one, when they are touched (mmu/host_map.cpp).
#pragma once

#include "../../common/mmu/levels.hpp"
#include "arch/mmu.hpp"

namespace spore::arch {

/// Bit positions of an entry. `in_use` alone: a page without any access, which keeps its frame.
namespace page_bit {
inline constexpr u64 present = 1 << 0, read = 1 << 1, write = 1 << 2, execute = 1 << 3, large = 1 << 4, in_use = 1 << 5, accessed = 1 << 6;
}

struct TableEntry {
    u64 bits;

    bool present() const { return bits & page_bit::present; }
    bool in_use() const { return bits & page_bit::in_use; }
    bool large() const { return bits & page_bit::large; }
    PhysAddr frame() const { return {bits & ~u64{page_size - 1}}; }
    TableEntry* table() const { return static_cast<TableEntry*>(direct(frame())); }
};

inline constexpr u64 table_bits = page_bit::present | page_bit::in_use;

inline u64 entry_bits(Access access, std::size_t size) {
    u64 bits = page_bit::in_use;
    if (access.read || access.write || access.execute) bits |= page_bit::present;
    if (access.read) bits |= page_bit::read;
    if (access.write) bits |= page_bit::write;
    if (access.execute) bits |= page_bit::execute;
    if (size == large_page_size) bits |= page_bit::large;
    return bits;
}
/// As on the hardware that programs know: what can be written or executed can be read.
inline Access access_of(TableEntry entry) {
    return {.read = entry.present(), .write = (entry.bits & page_bit::write) != 0, .execute = (entry.bits & page_bit::execute) != 0};
}
/// What a change of access keeps.
inline constexpr u64 kept_state_bits = page_bit::accessed;
inline constexpr u64 kept_bits = ~u64{page_size - 1} | kept_state_bits | page_bit::large;
/// What may be written counts as written: to notice when it is would take a fault more for each page.
inline bool is_dirty(TableEntry entry) { return entry.bits & page_bit::write; }
inline bool is_accessed(TableEntry entry) { return entry.bits & page_bit::accessed; }
inline u64 cleaned(u64 bits) { return bits & ~page_bit::accessed; }

inline TableEntry* root_table(PhysAddr root) { return static_cast<TableEntry*>(direct(root)); }
inline Result<PhysAddr> create_root() { return allocate_table(); }
inline void free_root(PhysAddr root) { free_table(root); }
inline void set_entry(PhysAddr, VirtAddr, TableEntry& entry, u64 bits) { __atomic_store_n(&entry.bits, bits, __ATOMIC_RELEASE); }
inline void prepare_code(PhysAddr, std::size_t) {}

}  // namespace spore::arch
