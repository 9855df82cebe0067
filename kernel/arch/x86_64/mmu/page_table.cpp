// A program's half of the address space. The upper half is copied from the kernel's own table, whose top-level entries never change
// after boot.
#include <cstring>

#include "../cpu/local.hpp"
#include "../instructions.hpp"
#include "../mode.hpp"
#include "entry.hpp"
#include "flush.hpp"

extern "C" spore::arch::TableEntry kernel_pml4[];

namespace spore::arch {
namespace {

constexpr unsigned program_entries = 256;

u64 entry_bits(Access access) {
    bool any = access.read || access.write || access.execute;
    u64 bits = page_bit::reserved;
    if (any) bits |= page_bit::present;
    if (access.write) bits |= page_bit::write;
    if (!access.execute) bits |= page_bit::no_execute;
    if (mode() == abi::Mode::guarded) bits |= page_bit::program;
    return bits;
}

Access access_of(TableEntry entry) {
    bool present = entry.present();
    return {.read = present,
            .write = present && (entry.bits & page_bit::write),
            .execute = present && !(entry.bits & page_bit::no_execute)};
}

/// The entry that maps `at`, and its level; null when a table on the way is missing.
struct Found {
    TableEntry* entry = nullptr;
    unsigned level = 0;
};
Found find(PhysAddr root, u64 at) {
    auto* table = static_cast<TableEntry*>(direct(root));
    for (unsigned level = 4;; --level) {
        auto& entry = table[index_at(at, level)];
        if (!entry.in_use()) return {};
        if (level == 1 || entry.large()) return {&entry, level};
        table = entry.table();
    }
}

Mapping mapping_of(TableEntry entry, unsigned level) {
    return {entry.frame(), span_at(level), access_of(entry), (entry.bits & page_bit::dirty) != 0, (entry.bits & page_bit::accessed) != 0};
}

void free_tables(TableEntry* table, unsigned level, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        auto entry = table[i];
        if (!entry.present() || entry.large()) continue;
        if (level > 2) free_tables(entry.table(), level - 1, entries_per_table);
        free_table(entry.frame());
    }
}

/// Upper tables grant everything; the last level decides.
constexpr u64 table_bits = page_bit::present | page_bit::write | page_bit::program | page_bit::reserved;

}  // namespace

Result<PageTable> PageTable::create() {
    auto root = TRY(allocate_table());
    auto* table = static_cast<TableEntry*>(direct(root));
    std::memcpy(table + program_entries, kernel_pml4 + program_entries, program_entries * sizeof(TableEntry));
    return PageTable(root);
}

PageTable::~PageTable() {
    if (!root_.value) return;
    leave_table(root_);
    free_tables(static_cast<TableEntry*>(direct(root_)), 4, program_entries);
    free_table(root_);
}

Result<void> PageTable::map(VirtAddr at, PhysAddr frame, Access access, std::size_t size) {
    unsigned target = size == large_page_size ? 2 : 1;
    auto* table = static_cast<TableEntry*>(direct(root_));
    for (unsigned level = 4; level > target; --level) {
        auto& entry = table[index_at(at.value, level)];
        if (!entry.present()) entry.bits = TRY(allocate_table()).value | table_bits;
        table = entry.table();
    }
    auto& entry = table[index_at(at.value, target)];
    auto old = entry;
    entry.bits = frame.value | entry_bits(access) | (target == 2 ? page_bit::large : 0);
    if (target == 2 && old.present() && !old.large()) {
        // An empty table of small pages, which CPUs may still walk from their caches of upper entries [intel/vol3 4.10.4].
        flush_table(root_, at, at + page_size);
        free_table(old.frame());
    }
    return {};
}

Mapping PageTable::unmap(VirtAddr at) {
    auto [entry, level] = find(root_, at.value);
    if (!entry) return {};
    // The CPU sets accessed and dirty bits behind our back, so take the entry out in one step.
    TableEntry old{__atomic_exchange_n(&entry->bits, 0, __ATOMIC_RELAXED)};
    return mapping_of(old, level);
}

void PageTable::protect(VirtAddr at, Access access) {
    auto [entry, level] = find(root_, at.value);
    if (!entry) return;
    u64 old = __atomic_load_n(&entry->bits, __ATOMIC_RELAXED);
    constexpr u64 kept = 0x000f'ffff'ffff'f000 | page_bit::accessed | page_bit::dirty | page_bit::large;
    while (!__atomic_compare_exchange_n(&entry->bits, &old, (old & kept) | entry_bits(access), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}

Mapping PageTable::query(VirtAddr at) const {
    auto [entry, level] = find(root_, at.value);
    return entry ? mapping_of(*entry, level) : Mapping{};
}

void PageTable::clean(VirtAddr at) {
    auto [entry, level] = find(root_, at.value);
    if (entry) __atomic_fetch_and(&entry->bits, ~(page_bit::accessed | page_bit::dirty), __ATOMIC_RELAXED);
}

VirtAddr PageTable::next_mapped(VirtAddr from, VirtAddr end) const {
    u64 at = from.value;
    while (at < end.value) {
        auto* table = static_cast<TableEntry*>(direct(root_));
        unsigned level = 4;
        while (true) {
            // Over the unused entries of this table without another walk from the root, but not beyond the end: most tables are sparse.
            unsigned first = index_at(at, level), index = first;
            bool ends_here = (at ^ (end.value - 1)) < span_at(level + 1);
            unsigned last = ends_here ? index_at(end.value - 1, level) : entries_per_table - 1;
            while (index <= last && !table[index].in_use()) ++index;
            if (index != first) at = align_down(at, span_at(level)) + (index - first) * span_at(level);
            if (index > last) break;
            auto entry = table[index];
            if (level == 1 || entry.large()) return {at};
            table = entry.table();
            --level;
        }
    }
    return end;
}

Result<void> PageTable::split(VirtAddr at) {
    auto [entry, level] = find(root_, at.value);
    if (!entry || level != 2) return {};
    auto frame = TRY(allocate_table());
    auto* small = static_cast<TableEntry*>(direct(frame));
    u64 old = __atomic_load_n(&entry->bits, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < entries_per_table; ++i) small[i].bits = (old & ~page_bit::large) + i * page_size;
    __atomic_store_n(&entry->bits, frame.value | table_bits, __ATOMIC_RELEASE);
    return {};
}

void PageTable::activate() const { enter_table(root_); }

void PageTable::flush(VirtAddr start, VirtAddr end) const { flush_table(root_, start, end); }

}  // namespace spore::arch
