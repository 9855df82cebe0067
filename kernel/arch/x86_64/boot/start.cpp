// The first C++ code: turns the loader's information into BootInfo, builds the kernel's page tables, goes on to start_kernel().
#include <cstring>

#include "../../common/boot/memory_map.hpp"
#include "../../isa/x86_64/cpu/features.hpp"
#include "../cpu/local.hpp"
#include "../instructions.hpp"
#include "../mmu/kernel_map.hpp"
#include "../clock/clock.hpp"
#include "arch/boot.hpp"
#include "multiboot2.hpp"
#include "pvh.hpp"

extern "C" char kernel_physical_start[], kernel_physical_end[];
extern "C" char per_cpu_start[], per_cpu_end[], per_cpu_boot[];

namespace spore::arch {
namespace {

enum class BootProtocol : u32 { pvh = 1, multiboot2 = 2 };

constinit BootInfo boot_info;
constinit char command_line[2048];

/// The loader's structures lie in the first GiB, which the boot tables map at their own address.
template <typename T>
const T* loaded(u64 address) { return reinterpret_cast<const T*>(address); }

void keep_command_line(const char* text) {
    auto size = strnlen(text, sizeof command_line - 1);
    std::memcpy(command_line, text, size);
    boot_info.command_line = {command_line, size};
}

void read_pvh(u64 address) {
    auto& start = *loaded<pvh::StartInfo>(address);
    boot_info.protocol = "PVH";
    if (start.command_line) keep_command_line(loaded<char>(start.command_line));
    boot_info.acpi_root = {start.rsdp};
    if (start.version >= 1)
        for (u32 i = 0; i < start.memory_map_entries; ++i) {
            auto& entry = loaded<pvh::MemoryEntry>(start.memory_map)[i];
            if (entry.type == pvh::type_ram) add_ram(boot_info, entry.start, entry.start + entry.size);
            else cover_tables(boot_info, entry.start, entry.start + entry.size);
        }
    if (start.module_count) {
        auto& module = *loaded<pvh::Module>(start.modules);
        boot_info.bundle = {{module.start}, {module.start + module.size}};
    }
}

void read_multiboot2(u64 address) {
    using namespace multiboot2;
    boot_info.protocol = "Multiboot2";
    u64 end_of_tags = address + loaded<Information>(address)->total_size;
    for (u64 at = address + sizeof(Information); at + sizeof(Tag) <= end_of_tags;) {
        auto& tag = *loaded<Tag>(at);
        switch (tag.type) {
        case TagType::command_line: keep_command_line(loaded<char>(at + sizeof(Tag))); break;
        case TagType::module: {
            auto& module = *loaded<ModuleTag>(at);
            if (!boot_info.bundle.end.value) boot_info.bundle = {{module.start}, {module.end}};
            break;
        }
        case TagType::memory_map: {
            auto& map = *loaded<MemoryMapTag>(at);
            for (u64 e = at + sizeof(MemoryMapTag); e + map.entry_size <= at + tag.size; e += map.entry_size) {
                auto& entry = *loaded<MemoryEntry>(e);
                if (entry.type == type_ram) add_ram(boot_info, entry.start, entry.start + entry.size);
                else cover_tables(boot_info, entry.start, entry.start + entry.size);
            }
            break;
        }
        // The RSDP itself is a copy inside the tag, which stays where it is: the information is in occupied memory below.
        case TagType::acpi_old:
        case TagType::acpi_new: boot_info.acpi_root = {at + sizeof(Tag)}; break;
        default: break;
        }
        if (tag.type == TagType::end || tag.size < sizeof(Tag)) break;
        at = align_up(at + tag.size, 8);
    }
    occupy(boot_info, address, end_of_tags);
}

}  // namespace

/// Called by boot/entry.S.
extern "C" [[noreturn, gnu::used]] void start_machine(u32 protocol, u32 information) {
    start_boot_clock();
    find_features();
    auto& cpu = cpu_local(0);
    std::memcpy(per_cpu_boot, per_cpu_start, static_cast<std::size_t>(per_cpu_end - per_cpu_start));
    cpu.per_cpu_offset = reinterpret_cast<u64>(per_cpu_boot) - reinterpret_cast<u64>(per_cpu_start);
    set_up_cpu(cpu);
    switch (static_cast<BootProtocol>(protocol)) {
    case BootProtocol::pvh: read_pvh(information); break;
    case BootProtocol::multiboot2: read_multiboot2(information); break;
    }
    occupy(boot_info, reinterpret_cast<u64>(kernel_physical_start), reinterpret_cast<u64>(kernel_physical_end));
    occupy(boot_info, boot_info.bundle.start.value, boot_info.bundle.end.value);
    sort_ranges(boot_info);
    build_kernel_map(boot_info);
    start_kernel(boot_info);
}

}  // namespace spore::arch
