#include "memory_map.hpp"

#include <algorithm>

namespace spore::arch {
namespace {

void add_range(BootInfo& info, u64 start, u64 end) {
    start = align_up(start, page_size);
    end = align_down(end, page_size);
    if (start < end && info.usable_count < BootInfo::max_ranges) info.usable[info.usable_count++] = {{start}, {end}};
}

}  // namespace

void add_ram(BootInfo& info, u64 start, u64 end) {
    info.highest.value = std::max(info.highest.value, end);
    add_range(info, std::max<u64>(start, 1_MiB), end);
}

void cover_tables(BootInfo& info, u64 start, u64 end) {
    // Reserved ranges far beyond RAM are devices and flash.
    if (start <= info.highest.value) info.highest.value = std::max(info.highest.value, end);
}

void occupy(BootInfo& info, u64 start, u64 end) {
    if (start >= end) return;
    u32 count = info.usable_count;
    info.usable_count = 0;
    MemoryRange old[BootInfo::max_ranges];
    std::copy_n(info.usable, count, old);
    for (auto range : std::span(old, count)) {
        if (end <= range.start.value || range.end.value <= start) {
            add_range(info, range.start.value, range.end.value);
            continue;
        }
        if (range.start.value < start) add_range(info, range.start.value, align_down(start, page_size));
        if (end < range.end.value) add_range(info, end, range.end.value);
    }
}

void sort_ranges(BootInfo& info) {
    for (u32 i = 1; i < info.usable_count; ++i)
        for (u32 j = i; j > 0 && info.usable[j].start < info.usable[j - 1].start; --j) std::swap(info.usable[j], info.usable[j - 1]);
}

}  // namespace spore::arch
