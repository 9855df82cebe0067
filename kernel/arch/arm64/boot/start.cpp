// The first C++ code: turns the loader's information into BootInfo, builds the kernel's page tables, goes on to start_kernel().
#include <algorithm>
#include <cstring>

#include "../../common/boot/memory_map.hpp"
#include "../../common/clock/clock.hpp"
#include "../cpu/atomics.hpp"
#include "../cpu/features.hpp"
#include "../cpu/local.hpp"
#include "../mmu/kernel_map.hpp"
#include "../platform/early_console.hpp"
#include "../platform/acpi_machine.hpp"
#include "arch/boot.hpp"
#include "arch/mmu.hpp"
#include "device_tree.hpp"
#include "efi/read_handover.hpp"

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

/// The memory in the direct map.
class MappedReader final : public wire::acpi::PhysicalReader {
public:
    explicit MappedReader(u32 ranges) : ranges_(mapped, ranges) {}
    std::optional<ByteSpan> see(u64 address, u64 size) override {
        for (auto range : ranges_)
            if (range.start.value <= address && address < range.end.value && size <= range.end.value - address)
                return ByteSpan(static_cast<const std::byte*>(direct({address})), size);
        return std::nullopt;
    }

private:
    std::span<const MemoryRange> ranges_;
};

void read_acpi(u32 mapped_ranges) {
    MappedReader reader(mapped_ranges);
    boot_info.protocol = "ACPI";
    if (!read_acpi_machine(found_machine(), reader, boot_info.acpi_root.value)) stop_here();  // nowhere to say it: the tables name the console
}

}  // namespace

/// Called by boot/entry.S. What is not there has the address 0.
extern "C" [[noreturn, gnu::used]] void start_machine(u64 tree, u64 image, u64 handover) {
    set_image_address({image});
    start_boot_clock();
    find_features();
    choose_atomics();
    set_up_boot_cpu();
    // The boot tables show tree and handover at their own addresses, the final ones in the direct map.
    auto* firmware = reinterpret_cast<const efi::Handover*>(handover);
    if (firmware) read_memory(boot_info, *firmware);
    if (tree && !read_device_tree(boot_info, tree)) stop_here();  // nowhere to say it: the console is in the tree
    sort_ranges(boot_info);
    u32 count = boot_info.usable_count;
    std::copy_n(boot_info.usable, count, mapped);
    boot_info.lowest = boot_info.usable[0].start;
    if (firmware) {
        occupy_tables(boot_info, *firmware);
        read_settings(boot_info, *firmware);
        occupy(boot_info, handover, handover + sizeof *firmware);
    }
    occupy(boot_info, image, physical(kernel_end).value);
    occupy(boot_info, boot_info.bundle.start.value, boot_info.bundle.end.value);
    if (tree) occupy(boot_info, tree, tree + device_tree().used_size());
    build_kernel_map(boot_info, {mapped, count});
    if (tree) show_device_tree_at(static_cast<const std::byte*>(direct({tree})));
    else read_acpi(count);
    auto& machine = found_machine();
    use_psci(machine.conduit);
    if (machine.console.value) use_early_console(map_early_device(machine.console));
    start_kernel(boot_info);
}

}  // namespace spore::arch
