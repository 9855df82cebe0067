#include "kernel_map.hpp"

#include <algorithm>

#include "../../common/mmu/device_region.hpp"
#include "../../isa/x86_64/cpu/features.hpp"
#include "../instructions.hpp"
#include "arch/combined_memory.hpp"
#include "arch/kernel_pages.hpp"
#include "kernel/core/panic.hpp"
#include "machine_entry.hpp"
#include "../../isa/x86_64/mmu/flush.hpp"

extern "C" {
extern spore::arch::TableEntry kernel_pml4[];
extern char text_start[], text_end[], rodata_start[], rodata_end[], data_start[], kernel_end[];
extern char kernel_physical_start[], kernel_physical_end[], boot_stack_guard[], boot_low_pdpt[];
}

namespace spore::arch {

const u64 kernel_stack_region_start = kernel_half::stacks;

void* direct(PhysAddr address) { return reinterpret_cast<void*>(kernel_half::direct_map + address.value); }

PhysAddr physical(const void* pointer) {
    u64 address = reinterpret_cast<u64>(pointer);
    return {address >= kernel_half::image ? address - kernel_half::image : address - kernel_half::direct_map};
}

namespace {

using namespace page_bit;
constexpr u64 data_bits = present | write | no_execute | accessed | dirty | global;
constexpr u64 read_only_bits = present | no_execute | accessed | global;
constexpr u64 code_bits = present | accessed | global;
constexpr u64 boot_window = 1_GiB;  // boot/entry.S
constexpr u64 kernel_table_bits = present | write | accessed;

/// Tables that exist before there is an allocator: taken from the start of usable memory, inside the GiB that the boot tables map.
class EarlyTables {
public:
    explicit EarlyTables(BootInfo& info) : info_(info) {}

    TableEntry* take() {
        auto usable = std::span(info_.usable, info_.usable_count);
        auto range = std::ranges::find_if(usable, [](auto& r) { return r.end - r.start >= page_size && r.start.value < boot_window; });
        if (range == usable.end()) core::panic("no memory for page tables in the first GiB: give the machine more");
        auto* table = reinterpret_cast<TableEntry*>(kernel_half::image + range->start.value);
        range->start = range->start + page_size;
        std::fill_n(table, entries_per_table, TableEntry{});
        return table;
    }
    /// The table below entry `index`, made when it is missing. Only for tables in the boot window.
    TableEntry* below(TableEntry* table, unsigned index) {
        if (!table[index].present()) table[index].bits = physical(take()).value | kernel_table_bits;
        return reinterpret_cast<TableEntry*>(kernel_half::image + table[index].frame().value);
    }

private:
    BootInfo& info_;
};

u64 address_of(const char* symbol) { return reinterpret_cast<u64>(symbol); }

/// What the kernel's own page at `address` (in its image) may be used for.
u64 image_bits(u64 address) {
    if (address >= address_of(text_start) && address < address_of(text_end)) return code_bits;
    if (address >= address_of(rodata_start) && address < address_of(rodata_end)) return read_only_bits;
    if (address == address_of(boot_stack_guard)) return 0;
    if (address >= address_of(data_start) && address < address_of(kernel_end)) return data_bits;
    return 0;
}

/// 4 KiB pages over the 2 MiB that holds physical `start`: the direct map keeps its hands off the kernel's text and constants.
void split_direct(TableEntry* small, u64 start) {
    for (unsigned i = 0; i < entries_per_table; ++i) {
        u64 at = start + i * page_size;
        bool constant = kernel_half::image + at >= address_of(text_start) && kernel_half::image + at < address_of(rodata_end);
        small[i].bits = at | (constant ? read_only_bits : data_bits);
    }
}

void map_image(EarlyTables& tables, TableEntry* root) {
    auto* directory = tables.below(tables.below(root, 511), 510);
    for (u64 at = align_down(address_of(text_start), page_size); at < address_of(kernel_end); at += page_size)
        tables.below(directory, index_at(at, 2))[index_at(at, 1)].bits =
            image_bits(at) ? (at - kernel_half::image) | image_bits(at) : 0;
}

void map_direct(EarlyTables& tables, TableEntry* root, u64 highest) {
    u64 image_start = align_down(reinterpret_cast<u64>(kernel_physical_start), large_page_size);
    u64 image_end = reinterpret_cast<u64>(kernel_physical_end);
    for (u64 at = 0; at < highest; at += span_at(3)) {
        auto* upper = tables.below(root, index_at(kernel_half::direct_map + at, 4));
        if (at && features.gigabyte_pages) {
            upper[index_at(at, 3)].bits = at | data_bits | large;
            continue;
        }
        auto* directory = tables.below(upper, index_at(at, 3));
        for (u64 page = at; page < std::min(highest, at + span_at(3)); page += large_page_size) {
            auto& entry = directory[index_at(page, 2)];
            if (page >= image_start && page < image_end) split_direct(tables.below(directory, index_at(page, 2)), page);
            else entry.bits = page | data_bits | large;
        }
    }
}

}  // namespace

void build_kernel_map(BootInfo& info) {
    EarlyTables tables(info);
    // Build aside, since we run on kernel_pml4's boot entries; then put the finished entries in place in one go.
    auto* root = tables.take();
    map_image(tables, root);
    map_direct(tables, root, std::max<u64>(info.highest.value, 1_MiB));
    tables.below(root, index_at(kernel_half::stacks, 4));
    tables.below(root, index_at(kernel_half::devices, 4));
    write_cr3(physical(root).value);
    auto* own = static_cast<TableEntry*>(direct(physical(kernel_pml4)));
    std::copy_n(static_cast<TableEntry*>(direct(physical(root))), entries_per_table, own);
    write_cr3(physical(kernel_pml4).value);
}

Result<void> map_kernel(VirtAddr at, PhysAddr frame, u64 bits) {
    auto* table = kernel_pml4;
    for (unsigned level = 4; level > 1; --level) {
        auto& entry = table[index_at(at.value, level)];
        if (!entry.present()) entry.bits = TRY(allocate_table()).value | kernel_table_bits;
        table = entry.table();
    }
    table[index_at(at.value, 1)].bits = frame.value | bits;
    return {};
}

Result<void> map_kernel_page(VirtAddr at, PhysAddr frame, Access access) {
    return map_kernel(at, frame, access.write ? data_bits : read_only_bits);
}

namespace {
/// The entry of a mapped page.
TableEntry& kernel_entry(VirtAddr at) {
    auto* table = kernel_pml4;
    for (unsigned level = 4; level > 1; --level) table = table[index_at(at.value, level)].table();
    return table[index_at(at.value, 1)];
}
}  // namespace

void unmap_kernel_pages(std::span<KernelPage> pages) {
    u64 start = ~u64{0}, end = 0;
    for (auto& page : pages) {
        auto& entry = kernel_entry(page.at);
        page.frame = entry.frame();
        entry.bits = 0;
        start = std::min(start, page.at.value);
        end = std::max(end, page.at.value + page_size);
    }
    if (start < end) flush_kernel({start}, {end});
}

PhysAddr unmap_kernel_page(VirtAddr at) {
    KernelPage page{at};
    unmap_kernel_pages({&page, 1});
    return page.frame;
}

namespace {
/// All in one entry of the root, which every program's table has a copy of.
constinit DeviceRegion device_region(kernel_half::devices, kernel_half::devices + span_at(4));

/// How far physical addresses reach [intel/vol2 CPUID 80000008H].
u64 physical_end() { return u64{1} << std::clamp<u32>(cpuid(0x80000008).eax & 0xff, 36, 52); }

Result<void*> map_region(PhysAddr at, std::size_t size, u64 bits) {
    auto place = TRY(device_region.take(at, size, physical_end()));
    for (u64 offset = 0; offset < place.size; offset += page_size)
        TRY(map_kernel({place.base + offset}, {place.first + offset}, bits));
    return reinterpret_cast<void*>(place.registers);
}
}  // namespace

Result<void*> map_device(PhysAddr at, std::size_t size) { return map_region(at, size, data_bits | write_through | no_cache); }
Result<void*> map_combined(PhysAddr at, std::size_t size) { return map_region(at, size, data_bits | write_through); }  // as set_page_attributes() means it
void settle_combined() { asm volatile("sfence" ::: "memory"); }
Result<void*> map_memory(PhysAddr at, std::size_t size) { return map_region(at, size, data_bits); }

void map_low_memory(bool mapped) {
    // The boot tables still say it: executable.
    kernel_pml4[0].bits = mapped ? physical(boot_low_pdpt).value | kernel_table_bits : 0;
    write_cr3(read_cr3());
}

}  // namespace spore::arch
