#include "host_map.hpp"

#include <sys/mman.h>

#include <algorithm>

#include "../../common/mmu/read_entry.hpp"
#include "../../isa/x86_64/mmu/translation.hpp"
#include "../cpu/local.hpp"
#include "../host/fill.hpp"
#include "../trap/rewrite.hpp"
#include "debugger.hpp"
#include "kernel/core/panic.hpp"
#include "machine_entry.hpp"

namespace spore::arch {

constinit HostMemory host_memory{};

namespace {

struct Kept {
    u64 start = 0, end = 0;
};
constinit Kept kept{};

/// How far to both sides of a touched page others are mapped with it: fewer faults, and fewer mappings for the host to keep.
constexpr unsigned around = 16;

/// The file that holds a frame, and where.
struct Place {
    int file;
    u64 offset;
};
Place place_of(u64 frame) {
    if (frame < host_memory.bundle_start) return {host_memory.file, frame};
    if (frame < host_memory.root_start) return {host_memory.bundle, frame - host_memory.bundle_start};
    return {host_memory.root, frame - host_memory.root_start};
}

bool map_host(u64 at, u64 frame, u64 size, int protection) {
    auto place = place_of(frame);
    // Of the bundle, a program may have pages to read and execute; the kernel copies what is to be written. Code that is constant may be
    // changed in this mapping alone (trap/rewrite.cpp).
    bool constant_code = protection == (PROT_READ | PROT_EXEC);
    int kind = place.file != host_memory.file || constant_code ? MAP_PRIVATE : MAP_SHARED;
    return host::call(SYS_mmap, at, size, protection, kind | MAP_FIXED | MAP_POPULATE, place.file, place.offset) >= 0;
}

bool unmap(u64 start, u64 end) { return host::call(SYS_munmap, start, end - start) >= 0; }

void forget(u64 start, u64 end) {
    code_goes(start, end);
    if (unmap(start, end)) return;
    // To cut one mapping into two, the host may have kept as many as it does already: all of them together need no cut.
    u64 first_end = std::max(kept.start, program_start), second_start = std::max(kept.end, program_start);
    code_goes(program_start, program_end);
    if (program_start < first_end) unmap(program_start, first_end);
    unmap(second_start, program_end);
    if (!unmap(start, end)) core::panic("the host does not unmap memory");
}

TableEntry* find_entry(u64 root, u64 at, unsigned& level) {
    auto* table = root_table({root});
    for (level = 4;; --level) {
        auto& place = table[index_at(at, level)];
        auto entry = read_entry(place);
        if (!entry.present()) return nullptr;
        if (level == 1 || entry.large()) return &place;
        table = entry.table();
    }
}

bool grants(TableEntry entry, Access wanted) {
    auto has = access_of(entry);
    return (!wanted.read || has.read) && (!wanted.write || has.write) && (!wanted.execute || has.execute);
}

int protection_of(u64 bits) {
    int protection = PROT_READ;
    if (bits & page_bit::write) protection |= PROT_WRITE;
    if (bits & page_bit::execute) protection |= PROT_EXEC;
    return protection;
}

/// Marks an entry of a page at this level as used; its bits, or 0 when it no longer grants the access, or leads to a table by now.
u64 use(TableEntry& entry, unsigned level, Access wanted) {
    u64 old = read_entry(entry).bits;
    while (true) {
        TableEntry seen{old};
        if (!seen.present() || seen.large() != (level > 1) || !grants(seen, wanted)) return 0;
        u64 bits = old | page_bit::accessed;
        if (__atomic_compare_exchange_n(&entry.bits, &old, bits, true, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) return bits;
    }
}

/// Same file, next frame, same access.
bool continues(u64 bits, u64 with, u64 distance) {
    constexpr u64 state = ~u64{page_size - 1} | page_bit::accessed;
    return bits & page_bit::present && (bits & ~state) == (with & ~state) && TableEntry{bits}.frame().value == TableEntry{with}.frame().value + distance;
}

/// The run of small pages around entry `middle` of a last table that can be mapped with it.
struct Run {
    unsigned first, count;
};
Run run_around(TableEntry* table, unsigned middle, u64 bits) {
    unsigned lowest = middle > around ? middle - around : 0, highest = std::min(middle + around, entries_per_table - 1);
    auto fits = [&](unsigned i) {
        u64 other = read_entry(table[i]).bits;
        if (!continues(other, bits, (u64{i} - middle) * page_size)) return false;
        return (place_of(TableEntry{other}.frame().value).file == place_of(TableEntry{bits}.frame().value).file) && use(table[i], 1, {.read = true}) != 0;
    };
    unsigned first = middle, last = middle;
    while (first > lowest && fits(first - 1)) --first;
    while (last < highest && fits(last + 1)) ++last;
    return {first, last - first + 1};
}

bool rewrite_pages(u64 start, u64 size, u64 bits) {
    if (protection_of(bits) != (PROT_READ | PROT_EXEC)) return true;
    for (u64 at = start; at < start + size; at += page_size) rewrite_page(at);
    code_came(start, start + size);
    return true;
}

template <typename F>
void for_each_residents(F&& visit) {
    for (u32 cpu = 0; cpu < cpu_count(); ++cpu) {
        auto& processes = cpu_local(cpu).processes;
        Guard guard(processes.lock);
        visit(processes.residents, cpu == cpu_id());
    }
}

}  // namespace

void keep_mapped(u64 at, u64 size) { kept = {at, at + size}; }

bool is_constant_code(VirtAddr at) {
    unsigned level;
    auto* entry = find_entry(local().page_table, at.value, level);
    if (!entry) return false;
    auto access = access_of(read_entry(*entry));
    return access.execute && !access.write;
}

bool touch_program_page(VirtAddr address, Access wanted) {
    u64 at = address.value, root = local().page_table;
    if (at >= program_end || at < program_start || !root) return false;
    unsigned level;
    auto* entry = find_entry(root, at, level);
    if (!entry) return false;
    u64 bits = use(*entry, level, wanted);
    if (!bits) return false;
    u64 block = align_down(at, large_page_size);  // neighbours are mapped too
    if (block < kept.end && block + large_page_size > kept.start) stop_rewriting();
    u64 start = align_down(at, span_at(level)), frame = TableEntry{bits}.frame().value, size = span_at(level);
    if (level == 1) {
        unsigned index = index_at(at, 1);
        auto run = run_around(entry - index, index, bits);
        u64 back = (index - run.first) * page_size;
        start -= back, frame -= back, size = run.count * page_size;
    }
    if (map_host(start, frame, size, protection_of(bits))) return rewrite_pages(start, size, bits);
    // The host keeps only so many mappings (vm.max_map_count): from here on with none.
    flush_here(0, program_end);
    if (map_host(start, frame, size, protection_of(bits))) return rewrite_pages(start, size, bits);
    core::panic("the host does not map memory at {:x}", start);
}

void* direct(PhysAddr address) { return reinterpret_cast<void*>(kernel_half::direct_map + address.value); }

void bring_memory(PhysAddr start, PhysAddr end) { host::fill(direct(start), end - start, host::Fill::to_write); }

/// The host has no such protection.
bool can_check_branch_targets() { return false; }

// ---- flushing: what isa/x86_64/mmu/flush.cpp asks for (translation.hpp) ----

u64 table_without_program() { return 0; }
void use_table(u64 root) { enter_process(root); }

void note_flush(u64 root, u64 start, u64 end) {
    for_each_residents([=](Residents& residents, bool here) { residents.note(root, {start, end}, here); });
}
void note_end(u64 root) {
    for_each_residents([=](Residents& residents, bool here) { residents.forget(root, here); });
}

void flush_here(u64 start, u64 end) {
    auto& processes = local().processes;
    // In the middle of a wait for the lock, too. What stays noted is unmapped once more.
    if (processes.lock.try_lock()) {
        processes.residents.drop({start, end});
        processes.lock.unlock();
    }
    unmap_here(start, end);
}

void unmap_here(u64 start, u64 end) {
    if (start < program_end) start = std::max(start, program_start), end = std::min(end, program_end);
    if (start < kept.end && end > kept.start) {
        if (start < kept.start) forget(start, kept.start);
        start = kept.end;
    }
    if (start < end) forget(start, end);
}

/// The others may be waiting for a processor of the host's.
void rest() { host::call(SYS_sched_yield); }

void interrupt_for_flush(u32 cpu) { send_news(cpu, news::flush); }

}  // namespace spore::arch
