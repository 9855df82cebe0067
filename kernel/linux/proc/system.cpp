// The files at /proc's top: the machine and the kernel as a whole [proc(5)].
#include "arch/boot.hpp"
#include "arch/cpu.hpp"
#include "arch/registers.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/linux/proc/ipc.hpp"
#include "kernel/linux/proc/locks.hpp"
#include "kernel/linux/proc/network.hpp"
#include "kernel/linux/proc/settings.hpp"
#include "kernel/linux/proc/statistics.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/system.hpp"
#include "kernel/memory/commitment.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux::proc {

namespace {

Result<void> print_kilobytes(TextSink& out, std::string_view label, u64 bytes) {
    char number[24];
    auto digits = format_to(number, "{}", bytes / 1024);
    TRY(out.print("{}:", label));
    for (std::size_t used = label.size() + 1 + digits.size(); used < 24; ++used) TRY(out.write(" "));
    return out.print("{} kB\n", digits);
}

Result<void> show_memory(TextSink& out, u32) {
    auto use = memory::memory_use();
    struct Line {
        std::string_view label;
        u64 bytes;
    };
    u64 in_use = use.total - use.free;
    const Line lines[] = {
        {"MemTotal", use.total}, {"MemFree", use.free}, {"MemAvailable", use.free + use.cached}, {"Buffers", 0}, {"Cached", use.cached},
        {"SwapCached", 0}, {"Active", in_use - std::min(in_use, use.cached)}, {"Inactive", use.cached}, {"SwapTotal", 0}, {"SwapFree", 0},
        {"Dirty", 0}, {"Writeback", 0}, {"AnonPages", in_use - std::min(in_use, use.cached)}, {"Mapped", use.cached}, {"Shmem", 0}, {"Slab", 0},
        {"SReclaimable", 0}, {"SUnreclaim", 0}, {"PageTables", 0}, {"CommitLimit", memory::commitment.limit()},
        {"Committed_AS", memory::commitment.promised.load(std::memory_order_relaxed)}, {"VmallocTotal", 0}, {"VmallocUsed", 0}, {"AnonHugePages", 0},
    };
    for (auto& line : lines) TRY(print_kilobytes(out, line.label, line.bytes));
    TRY(out.write("HugePages_Total:       0\nHugePages_Free:        0\nHugePages_Rsvd:        0\nHugePages_Surp:        0\n"));
    return print_kilobytes(out, "Hugepagesize", 2_MiB);
}

Result<void> show_cpus(TextSink& out, u32) {
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) {
        char text[2048];
        TRY(out.write({text, arch::describe_cpu(cpu, text)}));
        TRY(out.write("\n"));
    }
    return {};
}

u64 hundredths(u64 nanoseconds) { return nanoseconds / 10'000'000; }

/// Seconds with two digits after the point.
Result<void> print_seconds(TextSink& out, u64 nanoseconds, std::string_view after) {
    u64 all = hundredths(nanoseconds);
    return out.print("{}.{}{}{}", all / 100, all / 10 % 10, all % 10, after);
}

Result<void> show_uptime(TextSink& out, u32) {
    u64 idle = 0;
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) idle += static_cast<u64>(task::idle_time(cpu).nanoseconds);
    TRY(print_seconds(out, time::now().nanoseconds, " "));
    return print_seconds(out, idle, "\n");
}

/// The load now stands for its averages: nothing samples it over time.
Result<void> show_load(TextSink& out, u32) {
    u32 runnable = task::runnable_threads();
    u32 tasks;
    i32 last;
    {
        TreeGuard guard(tree_lock());
        tasks = tree().task_count, last = tree().numbers.last();
    }
    return out.print("{}.00 {}.00 {}.00 {}/{} {}\n", runnable, runnable, runnable, runnable, tasks, last);
}

Result<void> show_stat(TextSink& out, u32) {
    u64 up = time::now().nanoseconds;
    struct Times {
        u64 user = 0, system = 0, idle = 0;
    };
    auto times_of = [&](u32 cpu) {
        u64 idle = std::min(up, static_cast<u64>(task::idle_time(cpu).nanoseconds));
        auto busy = task::busy_time(cpu, Duration::ns(static_cast<i64>(up - idle)));
        return Times{static_cast<u64>(busy.user.nanoseconds), static_cast<u64>(busy.system.nanoseconds), idle};
    };
    Times all;
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) {
        auto one = times_of(cpu);
        all.user += one.user, all.system += one.system, all.idle += one.idle;
    }
    TRY(out.print("cpu  {} 0 {} {} 0 0 0 0 0 0\n", hundredths(all.user), hundredths(all.system), hundredths(all.idle)));
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) {
        auto one = times_of(cpu);
        TRY(out.print("cpu{} {} 0 {} {} 0 0 0 0 0 0\n", cpu, hundredths(one.user), hundredths(one.system), hundredths(one.idle)));
    }
    u64 forks;
    {
        TreeGuard guard(tree_lock());
        forks = tree().forks;
    }
    u64 booted = static_cast<u64>(time::wall_base()) / 1'000'000'000;
    return out.print("intr {}\nctxt {}\nbtime {}\nprocesses {}\nprocs_running {}\nprocs_blocked 0\nsoftirq 0 0 0 0 0 0 0 0 0 0 0\n", interrupts(), task::context_switches(),
                     booted, forks, std::max(1u, task::runnable_threads()));
}

Result<void> show_version(TextSink& out, u32) { return out.print("{} version {} (spore) (clang, lld) {}\n", system_name, release, version); }

constexpr bool has_network = core::has(core::Part::network);
constexpr TableRow rows[] = {
    {.path = "cgroups", .text = "#subsys_name\thierarchy\tnum_cgroups\tenabled"},
    {.path = "cmdline", .text = ""},
    {.path = "cpuinfo", .produce = show_cpus},
    {.path = "devices", .text = "Character devices:\n  1 mem\n  5 /dev/tty\n  5 /dev/console\n136 pts\n\nBlock devices:"},
    {.path = "diskstats", .produce = show_disks},
    {.path = "filesystems", .text = "nodev\tsysfs\nnodev\ttmpfs\nnodev\tproc\nnodev\tpipefs\n\terofs"},
    {.path = "interrupts", .produce = show_interrupts},
    {.path = "loadavg", .produce = show_load},
    {.path = core::has_call("flock") || core::has_call("fcntl") ? "locks" : "", .produce = show_locks},
    {.path = "meminfo", .produce = show_memory},
    {.path = has_network ? "net" : "", .directory = make_network_directory},
    {.path = "modules", .produce = [](TextSink&, u32) -> Result<void> { return {}; }},
    {.path = "partitions", .produce = show_partitions},
    {.path = has_network ? "spore/network" : "", .produce = [](TextSink& out, u32) { return show_network(out); }},
    {.path = "stat", .produce = show_stat},
    {.path = "swaps", .text = "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority"},
    {.path = core::has_call("msgget") ? "sysvipc/msg" : "", .produce = show_queues},
    {.path = core::has_call("semget") ? "sysvipc/sem" : "", .produce = show_semaphores},
    {.path = core::has_call("shmget") ? "sysvipc/shm" : "", .produce = show_segments},
    {.path = "uptime", .produce = show_uptime},
    {.path = "version", .produce = show_version},
    {.path = "vmstat", .produce = show_memory_events},
};

}  // namespace

std::span<const TableRow> system_rows() { return present_rows<rows>; }

}  // namespace spore::linux::proc
