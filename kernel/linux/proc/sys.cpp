// /sys: processors, memory nodes and the few switches that programs read at their start.
#include "arch/cpu.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/linux/proc/network.hpp"
#include "kernel/linux/proc/settings.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::linux::proc {

namespace {

/// "0-3", or "0".
Result<void> cpu_list(TextSink& out, u32) {
    u32 last = arch::cpu_count() - 1;
    return last ? out.print("0-{}\n", last) : out.print("0\n");
}
/// A bit mask as groups of 32 bits, highest first, as Linux prints them.
Result<void> print_mask(TextSink& out, u64 mask) {
    auto group = [&](u32 bits, char after) -> Result<void> {
        for (int shift = 28; shift >= 0; shift -= 4) TRY(out.print("{}", "0123456789abcdef"[bits >> shift & 15]));
        return out.print("{}", after);
    };
    if (arch::cpu_count() > 32) TRY(group(static_cast<u32>(mask >> 32), ','));
    return group(static_cast<u32>(mask), '\n');
}
Result<void> cpu_mask(TextSink& out, u32) { return print_mask(out, ~u64{0} >> (64 - arch::cpu_count())); }
Result<void> own_mask(TextSink& out, u32 cpu) { return print_mask(out, u64{1} << cpu); }
Result<void> own_number(TextSink& out, u32 cpu) { return out.print("{}\n", cpu); }

Result<void> node_memory(TextSink& out, u32) {
    auto use = memory::memory_use();
    return out.print("Node 0 MemTotal:       {} kB\nNode 0 MemFree:        {} kB\nNode 0 MemUsed:        {} kB\n", use.total / 1024, use.free / 1024,
                     (use.total - use.free) / 1024);
}

constinit std::atomic<u64> defragment = 1;

constexpr TableRow rows[] = {
    {.path = core::has(core::Part::network) ? "class" : "", .directory = make_class_directory},
    {.path = "devices/system/cpu/online", .produce = cpu_list},
    {.path = "devices/system/cpu/possible", .produce = cpu_list},
    {.path = "devices/system/cpu/present", .produce = cpu_list},
    {.path = "devices/system/cpu/offline", .text = ""},
    {.path = "devices/system/cpu/kernel_max", .text = "63"},
    {.path = "devices/system/cpu/smt/active", .text = "0"},
    {.path = "devices/system/cpu/smt/control", .text = "notsupported"},
    {.path = "devices/system/cpu/cpu#/online", .text = "1"},
    {.path = "devices/system/cpu/cpu#/topology/core_id", .produce = own_number},
    {.path = "devices/system/cpu/cpu#/topology/physical_package_id", .text = "0"},
    {.path = "devices/system/cpu/cpu#/topology/die_id", .text = "0"},
    {.path = "devices/system/cpu/cpu#/topology/thread_siblings", .produce = own_mask},
    {.path = "devices/system/cpu/cpu#/topology/thread_siblings_list", .produce = own_number},
    {.path = "devices/system/cpu/cpu#/topology/core_cpus", .produce = own_mask},
    {.path = "devices/system/cpu/cpu#/topology/core_cpus_list", .produce = own_number},
    {.path = "devices/system/cpu/cpu#/topology/core_siblings", .produce = cpu_mask},
    {.path = "devices/system/cpu/cpu#/topology/core_siblings_list", .produce = cpu_list},
    {.path = "devices/system/cpu/cpu#/topology/package_cpus", .produce = cpu_mask},
    {.path = "devices/system/cpu/cpu#/topology/package_cpus_list", .produce = cpu_list},
    {.path = "devices/system/node/online", .text = "0"},
    {.path = "devices/system/node/possible", .text = "0"},
    {.path = "devices/system/node/has_cpu", .text = "0"},
    {.path = "devices/system/node/has_memory", .text = "0"},
    {.path = "devices/system/node/node0/cpulist", .produce = cpu_list},
    {.path = "devices/system/node/node0/cpumap", .produce = cpu_mask},
    {.path = "devices/system/node/node0/distance", .text = "10"},
    {.path = "devices/system/node/node0/meminfo", .produce = node_memory},
    {.path = "fs/cgroup/"},
    {.path = "kernel/mm/transparent_hugepage/enabled", .text = "[always] madvise never"},
    {.path = "kernel/mm/transparent_hugepage/defrag", .text = "always defer defer+madvise [madvise] never"},
    {.path = "kernel/mm/transparent_hugepage/hpage_pmd_size", .text = "2097152"},
    {.path = "kernel/mm/transparent_hugepage/khugepaged/defrag", .setting = &defragment},
};

}  // namespace

std::span<const TableRow> sys_rows() { return present_rows<rows>; }

}  // namespace spore::linux::proc
