// A program's half of the address space, as tables of four levels. What an entry looks like is the machine's (machine_entry.hpp).
#include "active_table.hpp"
#include "arch/mmu.hpp"
#include "machine_entry.hpp"
#include "read_entry.hpp"

namespace spore::arch {
namespace {

/// Of the root.
constexpr unsigned program_entries = 256;

/// The entry that maps `at`, and its level; null when a table on the way is missing.
struct Found {
    TableEntry* entry = nullptr;
    unsigned level = 0;
};
[[gnu::always_inline]] inline Found find(PhysAddr root, u64 at) {
    auto* table = root_table(root);
    for (unsigned level = 4;; --level) {
        auto& place = table[index_at(at, level)];
        auto entry = read_entry(place);
        if (!entry.in_use()) return {};
        if (level == 1 || entry.large()) return {&place, level};
        table = entry.table();
    }
}

Mapping mapping_of(TableEntry entry, unsigned level) {
    return {entry.frame(), span_at(level), access_of(entry), is_dirty(entry), is_accessed(entry)};
}

void free_tables(TableEntry* table, unsigned level, unsigned count) {
    for (unsigned i = 0; i < count; ++i) {
        auto entry = table[i];
        if (!entry.present() || entry.large()) continue;
        if (level > 2) free_tables(entry.table(), level - 1, entries_per_table);
        free_table(entry.frame());
    }
}

}  // namespace

Result<PageTable> PageTable::create() { return PageTable(TRY(create_root())); }

PageTable::~PageTable() {
    if (!root_.value) return;
    leave_table(root_);
    free_tables(root_table(root_), 4, program_entries);
    free_root(root_);
}

Result<void> PageTable::map(VirtAddr at, PhysAddr frame, Access access, std::size_t size) {
    unsigned target = size == large_page_size ? 2 : 1;
    auto* table = root_table(root_);
    for (unsigned level = 4; level > target; --level) {
        auto& entry = table[index_at(at.value, level)];
        if (!entry.present()) set_entry(root_, at, entry, TRY(allocate_table()).value | table_bits);
        table = entry.table();
    }
    if (access.execute) prepare_code(frame, size);
    auto& entry = table[index_at(at.value, target)];
    auto old = read_entry(entry);
    set_entry(root_, at, entry, frame.value | entry_bits(access, size));
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
    TableEntry old{__atomic_exchange_n(&entry->bits, 0, __ATOMIC_RELAXED)};
    return mapping_of(old, level);
}

void PageTable::protect(VirtAddr at, Access access) {
    auto [entry, level] = find(root_, at.value);
    if (!entry) return;
    auto before = read_entry(*entry);
    if (access.execute && !access_of(before).execute) prepare_code(before.frame(), span_at(level));
    u64 old = before.bits;
    u64 bits = entry_bits(access, span_at(level));
    while (!__atomic_compare_exchange_n(&entry->bits, &old, (old & kept_bits) | bits, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}

Mapping PageTable::query(VirtAddr at) const {
    auto [entry, level] = find(root_, at.value);
    return entry ? mapping_of(read_entry(*entry), level) : Mapping{};
}

void PageTable::clean(VirtAddr at) {
    auto [entry, level] = find(root_, at.value);
    if (!entry) return;
    u64 old = read_entry(*entry).bits;
    while (!__atomic_compare_exchange_n(&entry->bits, &old, cleaned(old), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {}
}

VirtAddr PageTable::next_mapped(VirtAddr from, VirtAddr end) const {
    u64 at = from.value;
    while (at < end.value) {
        auto* table = root_table(root_);
        unsigned level = 4;
        while (true) {
            // Over the unused entries of this table without another walk from the root, but not beyond the end: most tables are sparse.
            unsigned first = index_at(at, level), index = first;
            bool ends_here = (at ^ (end.value - 1)) < span_at(level + 1);
            unsigned last = ends_here ? index_at(end.value - 1, level) : entries_per_table - 1;
            while (index <= last && !read_entry(table[index]).in_use()) ++index;
            if (index != first) at = align_down(at, span_at(level)) + (index - first) * span_at(level);
            if (index > last) break;
            auto entry = read_entry(table[index]);
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
    TableEntry old = read_entry(*entry);
    u64 bits = entry_bits(access_of(old), page_size) | (old.bits & kept_state_bits);
    for (unsigned i = 0; i < entries_per_table; ++i) small[i].bits = (old.frame().value + i * page_size) | bits;
    set_entry(root_, at, *entry, frame.value | table_bits);
    return {};
}

void PageTable::activate() const { enter_table(root_); }

void PageTable::flush(VirtAddr start, VirtAddr end) const { flush_table(root_, start, end); }

}  // namespace spore::arch
