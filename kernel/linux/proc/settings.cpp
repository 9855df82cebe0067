// /proc/sys [linux Documentation/admin-guide/sysctl]: names and limits that programs look up, and knobs that they turn. A knob that
// nothing here depends on keeps what is written, as programs that set it check.
#include "kernel/linux/proc/settings.hpp"

#include "base/locked.hpp"
#include "kernel/core/random.hpp"
#include "kernel/linux/limits.hpp"
#include "kernel/linux/process/credentials.hpp"
#include "kernel/linux/system.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::linux::proc {

namespace {

using Setting = std::atomic<u64>;
constinit Setting overcommit_memory = 0, overcommit_ratio = 50, max_map_count = 65530, swappiness = 60, huge_pages = 0, lowest_mapping = 65536,
                  drop_caches = 0, dirty_ratio = 20, dirty_background_ratio = 10, compact_memory = 0, lowest_free = 16384, zone_reclaim = 0;
constinit Setting most_files = ~u64{0} >> 1, most_descriptors = 1 << 20, most_pipe_bytes = 1 << 20, most_async = 65536, dump_suid = 0, protected_links = 1;
constinit Setting most_threads = 32768, highest_pid = 32768, largest_shared = ~u64{0} - (1 << 24), all_shared = ~u64{0} - (1 << 24),
                  shared_segments = 4096, largest_message = 8192, queue_bytes = 16384, queues = 32000, randomise = 2, panic_seconds = 0,
                  perf_paranoid = 4, tainted = 0, user_namespaces = 0, restricted_pointers = 0, restricted_log = 0, numa_balancing = 0;
constinit Setting listen_backlog = 4096, largest_receive = 212992, largest_send = 212992, usual_receive = 212992, usual_send = 212992,
                  device_backlog = 1000, syn_backlog = 4096, fin_seconds = 60, keep_alive_seconds = 7200, reuse_waiting = 2, forwarding = 0,
                  local_any = 0;

/// UUIDs [RFC 9562 5.4].
Result<void> print_uuid(TextSink& out, std::span<const u8, 16> bytes) {
    char text[37];
    std::size_t used = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) text[used++] = '-';
        text[used++] = "0123456789abcdef"[bytes[i] >> 4];
        text[used++] = "0123456789abcdef"[bytes[i] & 15];
    }
    text[used++] = '\n';
    return out.write({text, used});
}
void make_uuid(std::span<u8, 16> bytes) {
    core::fill_random(std::as_writable_bytes(bytes));
    bytes[6] = static_cast<u8>((bytes[6] & 0x0f) | 0x40);
    bytes[8] = static_cast<u8>((bytes[8] & 0x3f) | 0x80);
}
struct BootId {
    bool made = false;
    u8 bytes[16] = {};
};
constinit Locked<BootId, sync::Spin> boot_id;

Result<void> show_boot_id(TextSink& out, u32) {
    BootId id = boot_id.with([](BootId& b) {
        if (!b.made) make_uuid(b.bytes), b.made = true;
        return b;
    });
    return print_uuid(out, id.bytes);
}
Result<void> show_uuid(TextSink& out, u32) {
    u8 bytes[16];
    make_uuid(bytes);
    return print_uuid(out, bytes);
}

std::string_view one_line(std::string_view text) { return text.substr(0, std::min(text.find('\n'), text.find('\0'))); }

Result<void> show_host_name(TextSink& out, u32) {
    char name[name_limit];
    return out.print("{}\n", host_name(name));
}
Result<void> take_host_name(std::string_view text) {
    auto name = one_line(text);
    if (name.size() > name_limit) return fail(Error::invalid);
    set_host_name(name);
    return {};
}
Result<void> show_domain_name(TextSink& out, u32) {
    char name[name_limit];
    return out.print("{}\n", domain_name(name));
}

/// Where cores would go. Spore writes none; the pattern is kept for those who set it.
struct CorePattern {
    char text[128] = "core";
    std::size_t size = 4;
};
constinit Locked<CorePattern, sync::Spin> core_pattern;
Result<void> show_core_pattern(TextSink& out, u32) {
    CorePattern pattern = core_pattern.with([](CorePattern& p) { return p; });
    return out.print("{}\n", std::string_view(pattern.text, pattern.size));
}
Result<void> take_core_pattern(std::string_view text) {
    auto line = one_line(text);
    if (line.size() > sizeof CorePattern::text) return fail(Error::invalid);
    core_pattern.with([&](CorePattern& p) { p.size = line.copy(p.text, sizeof p.text); });
    return {};
}

constexpr TableRow rows[] = {
    {.path = "kernel/ostype", .text = system_name},
    {.path = "kernel/osrelease", .text = release},
    {.path = "kernel/version", .text = version},
    {.path = "kernel/hostname", .produce = show_host_name, .accept = take_host_name},
    {.path = "kernel/domainname", .produce = show_domain_name},
    {.path = "kernel/pid_max", .setting = &highest_pid},
    {.path = "kernel/threads-max", .setting = &most_threads},
    {.path = "kernel/random/boot_id", .produce = show_boot_id},
    {.path = "kernel/random/uuid", .produce = show_uuid},
    {.path = "kernel/random/entropy_avail", .text = "256"},
    {.path = "kernel/random/poolsize", .text = "256"},
    {.path = "kernel/ngroups_max", .text = "32"},
    {.path = "kernel/cap_last_cap", .text = "40"},
    {.path = "kernel/sem", .text = "32000\t1024000000\t500\t32000"},
    {.path = "kernel/shmmax", .setting = &largest_shared},
    {.path = "kernel/shmall", .setting = &all_shared},
    {.path = "kernel/shmmni", .setting = &shared_segments},
    {.path = "kernel/msgmax", .setting = &largest_message},
    {.path = "kernel/msgmnb", .setting = &queue_bytes},
    {.path = "kernel/msgmni", .setting = &queues},
    {.path = "kernel/core_pattern", .produce = show_core_pattern, .accept = take_core_pattern},
    {.path = "kernel/randomize_va_space", .setting = &randomise},
    {.path = "kernel/panic", .setting = &panic_seconds},
    {.path = "kernel/perf_event_paranoid", .setting = &perf_paranoid},
    {.path = "kernel/kptr_restrict", .setting = &restricted_pointers},
    {.path = "kernel/dmesg_restrict", .setting = &restricted_log},
    {.path = "kernel/numa_balancing", .setting = &numa_balancing},
    {.path = "kernel/tainted", .setting = &tainted},
    {.path = "user/max_user_namespaces", .setting = &user_namespaces},
    {.path = "vm/overcommit_memory", .setting = &overcommit_memory},
    {.path = "vm/overcommit_ratio", .setting = &overcommit_ratio},
    {.path = "vm/max_map_count", .setting = &max_map_count},
    {.path = "vm/swappiness", .setting = &swappiness},
    {.path = "vm/nr_hugepages", .setting = &huge_pages},
    {.path = "vm/mmap_min_addr", .setting = &lowest_mapping},
    {.path = "vm/drop_caches", .setting = &drop_caches},
    {.path = "vm/dirty_ratio", .setting = &dirty_ratio},
    {.path = "vm/dirty_background_ratio", .setting = &dirty_background_ratio},
    {.path = "vm/compact_memory", .setting = &compact_memory},
    {.path = "vm/min_free_kbytes", .setting = &lowest_free},
    {.path = "vm/zone_reclaim_mode", .setting = &zone_reclaim},
    {.path = "fs/file-max", .setting = &most_files},
    {.path = "fs/file-nr", .text = "0\t0\t9223372036854775807"},
    {.path = "fs/nr_open", .setting = &most_descriptors},
    {.path = "fs/pipe-max-size", .setting = &most_pipe_bytes},
    {.path = "fs/aio-max-nr", .setting = &most_async},
    {.path = "fs/suid_dumpable", .setting = &dump_suid},
    {.path = "fs/protected_symlinks", .setting = &protected_links},
    {.path = "fs/protected_hardlinks", .setting = &protected_links},
    {.path = "fs/inotify/max_user_watches", .setting = &system_limits.inotify_watches},
    {.path = "fs/inotify/max_user_instances", .setting = &system_limits.inotify_instances},
    {.path = "fs/inotify/max_queued_events", .setting = &system_limits.inotify_events},
    {.path = "net/core/somaxconn", .setting = &listen_backlog},
    {.path = "net/core/rmem_max", .setting = &largest_receive},
    {.path = "net/core/wmem_max", .setting = &largest_send},
    {.path = "net/core/rmem_default", .setting = &usual_receive},
    {.path = "net/core/wmem_default", .setting = &usual_send},
    {.path = "net/core/netdev_max_backlog", .setting = &device_backlog},
    {.path = "net/ipv4/ip_local_port_range", .text = "32768\t60999"},
    {.path = "net/ipv4/ip_forward", .setting = &forwarding},
    {.path = "net/ipv4/ip_nonlocal_bind", .setting = &local_any},
    {.path = "net/ipv4/ip_unprivileged_port_start", .text = "1024"},
    {.path = "net/ipv4/tcp_max_syn_backlog", .setting = &syn_backlog},
    {.path = "net/ipv4/tcp_fin_timeout", .setting = &fin_seconds},
    {.path = "net/ipv4/tcp_keepalive_time", .setting = &keep_alive_seconds},
    {.path = "net/ipv4/tcp_tw_reuse", .setting = &reuse_waiting},
    {.path = "net/ipv4/tcp_rmem", .text = "4096\t131072\t6291456"},
    {.path = "net/ipv4/tcp_wmem", .text = "4096\t16384\t4194304"},
    {.path = "net/ipv4/tcp_congestion_control", .text = "cubic"},
};

}  // namespace

u32 longest_backlog() { return static_cast<u32>(listen_backlog.load(std::memory_order_relaxed)); }

std::span<const TableRow> settings() { return rows; }

}  // namespace spore::linux::proc
