// The first C++ code: turns the loader's information into BootInfo, builds the kernel's page tables, goes on to start_kernel().
#include <algorithm>
#include <cstring>

#include "../../common/boot/memory_map.hpp"
#include "../../common/clock/clock.hpp"
#include "../cpu/features.hpp"
#include "../cpu/local.hpp"
#include "../mmu/kernel_map.hpp"
#include "../platform/early_console.hpp"
#include "../platform/machine.hpp"
#include "arch/boot.hpp"
#include "arch/mmu.hpp"
#include "device_tree.hpp"

extern "C" char text_start[], kernel_end[];
extern "C" char per_cpu_start[], per_cpu_end[], per_cpu_boot[];

namespace spore::arch {
namespace {

constinit BootInfo boot_info;
constinit MemoryRange mapped[BootInfo::max_ranges];

void set_up_boot_cpu() {
    auto& cpu = cpu_local(0);
    std::memcpy(per_cpu_boot, per_cpu_start, static_cast<std::size_t>(per_cpu_end - per_cpu_start));
    cpu.per_cpu_offset = reinterpret_cast<u64>(per_cpu_boot) - reinterpret_cast<u64>(per_cpu_start);
    set_up_cpu(cpu);
}

}  // namespace

/// Called by boot/entry.S.
extern "C" [[noreturn, gnu::used]] void start_machine(u64 tree, u64 image) {
    set_image_address({image});
    start_boot_clock();
    find_features();
    set_up_boot_cpu();
    // The boot tables show the tree at its own address, the final ones in the direct map.
    if (!read_device_tree(boot_info, tree)) stop_here();  // nowhere to say it: the console is in the tree
    sort_ranges(boot_info);
    u32 count = boot_info.usable_count;
    std::copy_n(boot_info.usable, count, mapped);
    boot_info.lowest = boot_info.usable[0].start;
    occupy(boot_info, image, physical(kernel_end).value);
    occupy(boot_info, boot_info.bundle.start.value, boot_info.bundle.end.value);
    occupy(boot_info, tree, tree + device_tree().used_size());
    auto& machine = found_machine();
    use_psci(machine.conduit);
    build_kernel_map(boot_info, {mapped, count}, machine.console);
    if (machine.console.value) use_early_console(early_device());
    show_device_tree_at(static_cast<const std::byte*>(direct({tree})));
    start_kernel(boot_info);
}

}  // namespace spore::arch
