#include "kernel_map.hpp"

#include <algorithm>

#include "../../common/mmu/device_region.hpp"
#include "../instructions.hpp"
#include "active_table.hpp"
#include "arch/combined_memory.hpp"
#include "arch/kernel_pages.hpp"
#include "kernel/core/panic.hpp"
#include "machine_entry.hpp"

extern "C" {
extern spore::arch::TableEntry kernel_root[];
extern char text_start[], text_end[], rodata_start[], rodata_end[], data_start[], kernel_end[], boot_stack_guard[], empty_root[];
void exchange_kernel_root(spore::u64 root, spore::u64 empty_root);
}

namespace spore::arch {

const u64 kernel_stack_region_start = kernel_half::stacks;

namespace {
constinit u64 image_offset = 0;  ///< from the image's physical to its virtual addresses
}

void set_image_address(PhysAddr image) { image_offset = kernel_half::image - image.value; }

void* direct(PhysAddr address) { return reinterpret_cast<void*>(kernel_half::direct_map + address.value); }

PhysAddr physical(const void* pointer) {
    u64 address = reinterpret_cast<u64>(pointer);
    return {address >= kernel_half::image ? address - image_offset : address - kernel_half::direct_map};
}

namespace {

using namespace page_bit;
constexpr u64 read_only_bits = valid | inner_shareable | accessed | read_only | no_execute | reserved;
constexpr u64 data_bits = read_only_bits & ~read_only;
constexpr u64 code_bits = read_only_bits & ~kernel_no_execute;
constexpr u64 device_bits = valid | device | accessed | no_execute | reserved;

/// Tables that exist before there is an allocator: taken from the start of usable memory, inside the gigabyte around the image, which the
/// boot tables map at its own address.
class EarlyTables {
public:
    explicit EarlyTables(BootInfo& info) : info_(info) {}

    TableEntry* take() {
        u64 window = align_down(physical(text_start).value, 1_GiB);
        auto usable = std::span(info_.usable, info_.usable_count);
        auto range = std::ranges::find_if(usable, [window](auto& r) {
            return r.end - r.start >= page_size && align_down(r.start.value, 1_GiB) == window;
        });
        if (range == usable.end()) core::panic("no memory for page tables near the kernel: give the machine more");
        auto* table = reinterpret_cast<TableEntry*>(range->start.value);
        range->start = range->start + page_size;
        std::fill_n(table, entries_per_table, TableEntry{});
        return table;
    }
    /// The table below entry `index`, made when it is missing.
    TableEntry* below(TableEntry* table, unsigned index) {
        if (!table[index].present()) table[index].bits = reinterpret_cast<u64>(take()) | table_bits;
        return reinterpret_cast<TableEntry*>(table[index].frame().value);
    }
    /// Maps [at, end) to what begins at `to`, in pages or blocks of one level, which nothing is mapped at yet.
    void map(TableEntry* root, u64 at, u64 end, u64 to, unsigned level, u64 bits) {
        u64 entry = to | bits | (level == 1 ? table_or_page : 0);
        while (at < end) {
            auto* table = root;
            for (unsigned above = 4; above > level; --above) table = below(table, index_at(at, above));
            for (unsigned index = index_at(at, level); index < entries_per_table && at < end; ++index) {
                table[index].bits = entry;
                at += span_at(level);
                entry += span_at(level);
            }
        }
    }

private:
    BootInfo& info_;
};

u64 address_of(const char* symbol) { return reinterpret_cast<u64>(symbol); }

void map_image(EarlyTables& tables, TableEntry* root) {
    auto map = [&](const char* start, const char* end, u64 bits) {
        tables.map(root, address_of(start), address_of(end), physical(start).value, 1, bits);
    };
    map(text_start, text_end, code_bits);
    map(rodata_start, rodata_end, read_only_bits);
    map(data_start, boot_stack_guard, data_bits);
    map(boot_stack_guard + page_size, kernel_end, data_bits);
}

/// The largest pages or blocks that [at, end) can begin with.
unsigned level_for(u64 at, u64 end) {
    unsigned level = 3;
    while (level > 1 && (!is_aligned(at, span_at(level)) || end - at < span_at(level))) --level;
    return level;
}

/// In blocks as large as fit.
void map_direct(EarlyTables& tables, TableEntry* root, u64 at, u64 end, u64 bits) {
    while (at < end) {
        unsigned level = level_for(at, end);
        // As far as this size goes: to where a larger one fits, or none of this size any more.
        u64 larger = level == 3 ? end : align_up(at + 1, span_at(level + 1));
        u64 stop = align_down(larger < end && end - larger >= span_at(level + 1) ? larger : end, span_at(level));
        tables.map(root, kernel_half::direct_map + at, kernel_half::direct_map + stop, at, level, bits);
        at = stop;
    }
}

/// The kernel's text and constants stay read-only here, too.
void map_memory(EarlyTables& tables, TableEntry* root, MemoryRange range) {
    u64 constant_start = physical(text_start).value, constant_end = physical(rodata_end).value;
    u64 start = range.start.value, end = range.end.value;
    map_direct(tables, root, start, std::min(end, std::max(start, constant_start)), data_bits);
    map_direct(tables, root, std::max(start, constant_start), std::min(end, constant_end), read_only_bits);
    map_direct(tables, root, std::max(start, constant_end), end, data_bits);
}

}  // namespace

void build_kernel_map(BootInfo& info, std::span<const MemoryRange> memory) {
    EarlyTables tables(info);
    auto* root = reinterpret_cast<TableEntry*>(physical(kernel_root).value);
    map_image(tables, root);
    for (auto range : memory) map_memory(tables, root, range);
    tables.below(root, index_at(kernel_half::stacks, 4));
    tables.map(root, kernel_half::devices, kernel_half::devices + page_size, 0, 1, 0);  // the tables for map_early_device()
    store_barrier();
    auto exchange = reinterpret_cast<decltype(&exchange_kernel_root)>(physical(reinterpret_cast<void*>(exchange_kernel_root)).value);
    exchange(physical(kernel_root).value, physical(empty_root).value);
    enter_no_table();
    asm volatile("tlbi vmalle1\n\tdsb nsh\n\tisb" ::: "memory");
}

namespace {

/// The entry of a page in the kernel's half. Tables it needs come from allocate_table().
Result<TableEntry*> kernel_entry(VirtAddr at) {
    auto* table = kernel_root;
    for (unsigned level = 4; level > 1; --level) {
        auto& entry = table[index_at(at.value, level)];
        if (!entry.present()) {
            auto made = TRY(allocate_table());
            store_barrier();  // empty before it is walked
            entry.bits = made.value | table_bits;
        }
        table = entry.table();
    }
    return &table[index_at(at.value, 1)];
}

Result<void> map_kernel(VirtAddr at, PhysAddr frame, u64 bits) {
    TRY(kernel_entry(at))->bits = frame.value | bits | table_or_page;
    store_barrier();
    instruction_barrier();
    return {};
}

}  // namespace

Result<void> map_kernel_page(VirtAddr at, PhysAddr frame, Access access) {
    return map_kernel(at, frame, access.write ? data_bits : read_only_bits);
}

void unmap_kernel_pages(std::span<KernelPage> pages) {
    for (auto& page : pages) {
        auto& entry = *MUST(kernel_entry(page.at), "what is mapped has its tables");
        page.frame = entry.frame();
        entry.bits = 0;
        flush_kernel(page.at, page.at + page_size);
    }
}

void* map_early_device(PhysAddr registers) {
    MUST(map_kernel({kernel_half::devices}, {align_down(registers.value, page_size)}, device_bits), "build_kernel_map() made the tables");
    return reinterpret_cast<void*>(kernel_half::devices + registers.value % page_size);
}

PhysAddr unmap_kernel_page(VirtAddr at) {
    KernelPage page{at};
    unmap_kernel_pages({&page, 1});
    return page.frame;
}

namespace {
constinit DeviceRegion device_region(kernel_half::devices + page_size, kernel_half::devices + span_at(4));  // behind map_early_device()'s

/// How far physical addresses reach, and entries of ours [arm/DDI0487 D23.2.75 ID_AA64MMFR0_EL1.PARange].
u64 physical_end() {
    constexpr u8 bits[] = {32, 36, 40, 42, 44, 48};
    return u64{1} << bits[std::min<u64>(SPORE_READ_SYSTEM(id_aa64mmfr0_el1) & 15, std::size(bits) - 1)];
}
}  // namespace

Result<void*> map_device(PhysAddr at, std::size_t size) {
    auto place = TRY(device_region.take(at, size, physical_end()));
    for (u64 offset = 0; offset < place.size; offset += page_size) TRY(map_kernel({place.base + offset}, {place.first + offset}, device_bits));
    return reinterpret_cast<void*>(place.registers);
}

/// Each write by itself, in order.
Result<void*> map_combined(PhysAddr at, std::size_t size) { return map_device(at, size); }
void settle_combined() { asm volatile("dmb oshst" ::: "memory"); }

}  // namespace spore::arch
