#include "read_handover.hpp"

#include <algorithm>

#include "../../../common/boot/memory_map.hpp"
#include "../../platform/machine.hpp"
#include "arch/mmu.hpp"
#include "wire/efi.hpp"

namespace spore::arch {
namespace {

template <typename F>
void for_each_region(const efi::Handover& handover, F&& visit) {
    auto map = wire::efi::MemoryMap::parse(ByteSpan(handover.map, std::min(handover.map_size, handover.max_map_size)), handover.descriptor_size);
    for (u64 at = 0; auto region = map ? map->first_above(at) : std::nullopt; at = region->end) visit(*region);
}

}  // namespace

void read_memory(BootInfo& info, const efi::Handover& handover) {
    // Regions that touch become one range: firmware has many, and the kernel room for few.
    u64 start = 0, end = 0;
    for_each_region(handover, [&](const wire::efi::Region& region) {
        if (region.start > end) {
            add_ram(info, start, end);
            start = region.start;
        }
        end = region.end;
    });
    add_ram(info, start, end);
}

void occupy_tables(BootInfo& info, const efi::Handover& handover) {
    for_each_region(handover, [&](const wire::efi::Region& region) {
        if (region.use == wire::efi::Use::tables) occupy(info, region.start, region.end);
    });
}

void read_settings(BootInfo& info, const efi::Handover& handover) {
    auto& shown = *static_cast<const efi::Handover*>(direct({reinterpret_cast<u64>(&handover)}));
    info.command_line = {shown.command_line, handover.command_line_size};
    if (handover.seed_size) info.seed = {shown.seed, handover.seed_size};
    info.bundle = {{handover.bundle_start}, {handover.bundle_end}};
    info.acpi_root = {handover.acpi_root};
    found_machine().wall_seconds = handover.wall_seconds;
    found_machine().wall_counter = handover.wall_counter;
}

}  // namespace spore::arch
