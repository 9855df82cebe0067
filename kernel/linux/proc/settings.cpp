// /proc/sys [linux Documentation/admin-guide/sysctl]: names and limits that programs look up, and knobs that they turn. A knob that
// nothing here depends on keeps what is written, as programs that set it check.
#include "kernel/linux/proc/settings.hpp"

#include "base/locked.hpp"
#include "kernel/core/random.hpp"
#include "kernel/linux/core_file/settings.hpp"
#include "kernel/linux/event/request_context.hpp"
#include "kernel/linux/limits.hpp"
#include "kernel/linux/machine/name.hpp"
#include "kernel/linux/process/credentials.hpp"
#include "kernel/linux/system.hpp"
#include "kernel/memory/area.hpp"
#include "kernel/net/binding.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::linux::proc {

namespace {

using Setting = std::atomic<u64>;
constinit Setting swappiness = 60, huge_pages = 0, lowest_mapping = 65536,
                  drop_caches = 0, dirty_ratio = 20, dirty_background_ratio = 10, dirty_age = 3000, dirty_interval = 500, cache_pressure = 100,
                  compact_memory = 0, lowest_free = 16384;
constinit Setting most_files = ~u64{0} >> 1, most_pipe_bytes = 1 << 20;
constinit Setting most_threads = 32768, panic_seconds = 0, perf_paranoid = 4,
                  tainted = 0, restricted_pointers = 0, restricted_log = 0, system_request = 0;
constinit Setting device_backlog = 1000, syn_backlog = 4096, reuse_waiting = 2;

Result<void> take_commitment(std::string_view text) {
    u64 mode = TRY(parse_number(text));
    if (mode > memory::Commitment::never) return fail(Error::invalid);
    memory::commitment.mode.store(mode, std::memory_order_relaxed);
    return {};
}

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

Result<void> show_requests(TextSink& out, u32) { return out.print("{}\n", RequestContext::all_capacities()); }

std::string_view one_line(std::string_view text) { return text.substr(0, std::min(text.find('\n'), text.find('\0'))); }

Result<void> show_host_name(TextSink& out, u32) {
    char name[name_limit];
    return out.print("{}\n", host_name(name));
}
template <void (*set)(std::string_view)>
Result<void> take_name(std::string_view text) {
    auto name = one_line(text);
    if (name.size() > name_limit) return fail(Error::invalid);
    set(name);
    return {};
}
Result<void> show_domain_name(TextSink& out, u32) {
    char name[name_limit];
    return out.print("{}\n", domain_name(name));
}

Result<void> show_core_pattern(TextSink& out, u32) {
    char text[core_pattern_limit];
    return out.print("{}\n", core_pattern(text));
}
Result<void> take_core_pattern(std::string_view text) { return set_core_pattern(one_line(text)); }
Result<void> take_suid_dumpable(std::string_view text) {
    u64 how = TRY(parse_number(text));
    if (how > static_cast<u64>(Dumpable::by_root)) return fail(Error::invalid);
    core_settings.suid_dumpable.store(how, std::memory_order_relaxed);
    return {};
}

Result<void> show_chosen_ports(TextSink& out, u32) { return out.print("{}\t{}\n", net::first_chosen_port, net::last_chosen_port); }

constexpr TableRow rows[] = {
    {.path = "kernel/ostype", .text = system_name},
    {.path = "kernel/osrelease", .text = release},
    {.path = "kernel/version", .text = version},
    {.path = "kernel/arch", .text = machine::name},
    {.path = "kernel/hostname", .produce = show_host_name, .accept = take_name<set_host_name>},
    {.path = "kernel/domainname", .produce = show_domain_name, .accept = take_name<set_domain_name>},
    {.path = "kernel/pid_max", .text = "32768"},
    {.path = "kernel/threads-max", .setting = &most_threads},
    {.path = "kernel/random/boot_id", .produce = show_boot_id},
    {.path = "kernel/random/uuid", .produce = show_uuid},
    {.path = "kernel/random/entropy_avail", .text = "256"},
    {.path = "kernel/random/poolsize", .text = "256"},
    {.path = "kernel/ngroups_max", .text = "32"},
    {.path = "kernel/cap_last_cap", .text = "40"},
    {.path = "kernel/overflowuid", .text = "65534"},
    {.path = "kernel/overflowgid", .text = "65534"},
    {.path = "kernel/sem", .text = "32000\t1024000000\t500\t32000"},
    {.path = "kernel/shmmax", .setting = &system_limits.segment_bytes},
    {.path = "kernel/shmall", .setting = &system_limits.segment_pages},
    {.path = "kernel/shmmni", .setting = &system_limits.segments},
    {.path = "kernel/msgmax", .setting = &system_limits.keyed_message_bytes},
    {.path = "kernel/msgmnb", .setting = &system_limits.keyed_queue_bytes},
    {.path = "kernel/msgmni", .setting = &system_limits.keyed_queues},
    {.path = "kernel/core_pattern", .produce = show_core_pattern, .accept = take_core_pattern},
    {.path = "kernel/core_uses_pid", .setting = &core_settings.uses_pid},
    {.path = "kernel/randomize_va_space", .text = "2"},
    {.path = "kernel/panic", .setting = &panic_seconds},
    {.path = "kernel/panic_on_oops", .text = "1"},
    {.path = "kernel/printk", .text = "4\t4\t1\t7"},
    {.path = "kernel/sysrq", .setting = &system_request},
    {.path = "kernel/io_uring_disabled", .text = "0"},
    {.path = "kernel/perf_event_paranoid", .setting = &perf_paranoid},
    {.path = "kernel/kptr_restrict", .setting = &restricted_pointers},
    {.path = "kernel/dmesg_restrict", .setting = &restricted_log},
    {.path = "kernel/sched_autogroup_enabled", .text = "0"},
    {.path = "kernel/numa_balancing", .text = "0"},
    {.path = "kernel/tainted", .setting = &tainted},
    {.path = "user/max_user_namespaces", .text = "0"},
    {.path = "vm/overcommit_memory", .setting = &memory::commitment.mode, .accept = take_commitment},
    {.path = "vm/overcommit_ratio", .setting = &memory::commitment.percent},
    {.path = "vm/max_map_count", .setting = &memory::most_areas},
    {.path = "vm/swappiness", .setting = &swappiness},
    {.path = "vm/nr_hugepages", .setting = &huge_pages},
    {.path = "vm/nr_overcommit_hugepages", .text = "0"},
    {.path = "vm/mmap_min_addr", .setting = &lowest_mapping},
    {.path = "vm/drop_caches", .setting = &drop_caches},
    {.path = "vm/dirty_ratio", .setting = &dirty_ratio},
    {.path = "vm/dirty_background_ratio", .setting = &dirty_background_ratio},
    {.path = "vm/dirty_expire_centisecs", .setting = &dirty_age},
    {.path = "vm/dirty_writeback_centisecs", .setting = &dirty_interval},
    {.path = "vm/vfs_cache_pressure", .setting = &cache_pressure},
    {.path = "vm/compact_memory", .setting = &compact_memory},
    {.path = "vm/min_free_kbytes", .setting = &lowest_free},
    {.path = "vm/oom_kill_allocating_task", .text = "1"},
    {.path = "vm/panic_on_oom", .text = "0"},
    {.path = "vm/zone_reclaim_mode", .text = "0"},
    {.path = "fs/file-max", .setting = &most_files},
    {.path = "fs/file-nr", .text = "0\t0\t9223372036854775807"},
    {.path = "fs/nr_open", .text = "1048576"},
    {.path = "fs/pipe-max-size", .setting = &most_pipe_bytes},
    {.path = "fs/aio-max-nr", .setting = &system_limits.asynchronous_requests},
    {.path = "fs/aio-nr", .produce = show_requests},
    {.path = "fs/suid_dumpable", .setting = &core_settings.suid_dumpable, .accept = take_suid_dumpable},
    {.path = "fs/overflowuid", .text = "65534"},
    {.path = "fs/overflowgid", .text = "65534"},
    {.path = "fs/protected_symlinks", .text = "0"},
    {.path = "fs/protected_hardlinks", .text = "0"},
    {.path = "fs/inotify/max_user_watches", .setting = &system_limits.inotify_watches},
    {.path = "fs/inotify/max_user_instances", .setting = &system_limits.inotify_instances},
    {.path = "fs/inotify/max_queued_events", .setting = &system_limits.inotify_events},
    {.path = "fs/mqueue/queues_max", .setting = &system_limits.named_queues},
    {.path = "fs/mqueue/msg_max", .setting = &system_limits.queue_messages},
    {.path = "fs/mqueue/msg_default", .setting = &system_limits.default_queue_messages},
    {.path = "fs/mqueue/msgsize_max", .setting = &system_limits.message_bytes},
    {.path = "fs/mqueue/msgsize_default", .setting = &system_limits.default_message_bytes},
    {.path = "net/core/somaxconn", .setting = &system_limits.backlog},
    {.path = "net/core/rmem_max", .setting = &system_limits.receive_buffer},
    {.path = "net/core/wmem_max", .setting = &system_limits.send_buffer},
    {.path = "net/core/rmem_default", .text = "212992"},
    {.path = "net/core/wmem_default", .text = "212992"},
    {.path = "net/core/netdev_max_backlog", .setting = &device_backlog},
    {.path = "net/core/busy_poll", .text = "0"},
    {.path = "net/core/busy_read", .text = "0"},
    {.path = "net/unix/max_dgram_qlen", .text = "10"},
    {.path = "net/ipv4/ip_local_port_range", .produce = show_chosen_ports},
    {.path = "net/ipv4/ip_local_reserved_ports", .text = ""},
    {.path = "net/ipv4/ip_default_ttl", .text = "64"},
    {.path = "net/ipv4/ip_forward", .text = "0"},
    {.path = "net/ipv4/ip_no_pmtu_disc", .text = "0"},
    {.path = "net/ipv4/ip_nonlocal_bind", .text = "0"},
    {.path = "net/ipv4/ip_unprivileged_port_start", .setting = &system_limits.first_free_port},
    {.path = "net/ipv4/ping_group_range", .text = "0\t2147483647"},
    {.path = "net/ipv4/tcp_available_congestion_control", .text = "cubic reno"},
    {.path = "net/ipv4/tcp_allowed_congestion_control", .text = "cubic reno"},
    {.path = "net/ipv4/tcp_congestion_control", .text = "cubic"},
    {.path = "net/ipv4/tcp_dsack", .text = "1"},
    {.path = "net/ipv4/tcp_early_retrans", .text = "3"},
    {.path = "net/ipv4/tcp_ecn", .text = "2"},
    {.path = "net/ipv4/tcp_fastopen", .text = "3"},
    {.path = "net/ipv4/tcp_fin_timeout", .setting = &system_limits.fin_wait},
    {.path = "net/ipv4/tcp_keepalive_intvl", .setting = &system_limits.keep_alive_interval},
    {.path = "net/ipv4/tcp_keepalive_probes", .setting = &system_limits.keep_alive_probes},
    {.path = "net/ipv4/tcp_keepalive_time", .setting = &system_limits.keep_alive_idle},
    {.path = "net/ipv4/tcp_max_syn_backlog", .setting = &syn_backlog},
    {.path = "net/ipv4/tcp_moderate_rcvbuf", .text = "1"},
    {.path = "net/ipv4/tcp_mtu_probing", .text = "1"},
    {.path = "net/ipv4/tcp_no_metrics_save", .text = "1"},
    {.path = "net/ipv4/tcp_orphan_retries", .text = "0"},
    {.path = "net/ipv4/tcp_recovery", .text = "1"},
    {.path = "net/ipv4/tcp_retries2", .text = "15"},
    {.path = "net/ipv4/tcp_rmem", .text = "4096\t131072\t6291456"},
    {.path = "net/ipv4/tcp_sack", .text = "1"},
    {.path = "net/ipv4/tcp_slow_start_after_idle", .text = "1"},
    {.path = "net/ipv4/tcp_syn_retries", .setting = &system_limits.syn_retries},
    {.path = "net/ipv4/tcp_syncookies", .text = "1"},
    {.path = "net/ipv4/tcp_timestamps", .text = "1"},
    {.path = "net/ipv4/tcp_tw_reuse", .setting = &reuse_waiting},
    {.path = "net/ipv4/tcp_window_scaling", .text = "1"},
    {.path = "net/ipv4/tcp_wmem", .text = "4096\t16384\t4194304"},
    {.path = "net/ipv6/bindv6only", .text = "0"},
    {.path = "net/ipv6/conf/all/disable_ipv6", .text = "0"},
    {.path = "net/ipv6/conf/all/forwarding", .text = "0"},
    {.path = "net/ipv6/conf/default/disable_ipv6", .text = "0"},
};

}  // namespace

std::span<const TableRow> settings() { return rows; }

}  // namespace spore::linux::proc
