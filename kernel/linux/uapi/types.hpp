// Structures that programs and the kernel exchange. The same on x86-64 and arm64, but for struct stat (machine/stat.hpp).
#pragma once

#include "base/time.hpp"
#include "base/types.hpp"

namespace spore::linux {

struct Timespec {
    i64 seconds = 0;
    i64 nanoseconds = 0;

    constexpr bool valid() const { return seconds >= 0 && nanoseconds >= 0 && nanoseconds < 1'000'000'000; }
    /// Saturates at the largest span there is.
    constexpr Duration duration() const {
        constexpr i64 longest = 9'000'000'000;
        return Duration::seconds(seconds > longest ? longest : seconds) + Duration::ns(nanoseconds);
    }
    static constexpr Timespec of(i64 all) {
        i64 rest = all % 1'000'000'000;
        i64 whole = all / 1'000'000'000;
        return rest < 0 ? Timespec{whole - 1, rest + 1'000'000'000} : Timespec{whole, rest};
    }
    static constexpr Timespec of(Duration span) { return of(span.nanoseconds); }
};
static_assert(sizeof(Timespec) == 16);

struct Timeval {
    i64 seconds = 0;
    i64 microseconds = 0;
    constexpr bool valid() const { return seconds >= 0 && microseconds >= 0 && microseconds < 1'000'000; }
    constexpr Duration duration() const { return Timespec{seconds, microseconds * 1000}.duration(); }
    static constexpr Timeval of(Duration span) {
        auto exact = Timespec::of(span);
        return {exact.seconds, exact.nanoseconds / 1000};
    }
};
static_assert(sizeof(Timeval) == 16);

struct IntervalTimespec {
    Timespec interval, value;
};
struct IntervalTimeval {
    Timeval interval, value;
};

/// struct sigevent
struct SignalEvent {
    u64 value = 0;
    i32 signal = 0, notify = 0, task_id = 0;
    u8 rest[44] = {};
};
static_assert(sizeof(SignalEvent) == 64);

/// struct timex
struct ClockDiscipline {
    u32 modes = 0, padding = 0;
    i64 offset = 0, frequency = 0, maximum_error = 0, estimated_error = 0;
    i32 status = 0, padding_2 = 0;
    i64 constant = 0, precision = 0, tolerance = 0;
    Timeval now;
    i64 tick = 0, pulse_frequency = 0, jitter = 0;
    i32 shift = 0, padding_3 = 0;
    i64 stability = 0, jitter_count = 0, calibrations = 0, errors = 0, stability_exceeded = 0;
    i32 tai = 0, reserved[11] = {};
};
static_assert(sizeof(ClockDiscipline) == 208);

struct NewUtsName {
    char system[65], node[65], release[65], version[65], machine[65], domain[65];
};
static_assert(sizeof(NewUtsName) == 390);

struct UserUsage {
    Timeval user, system;
    i64 peak_resident_kilobytes, shared_kilobytes, data_kilobytes, stack_kilobytes, minor_faults, major_faults, swaps, blocks_in, blocks_out,
        messages_sent, messages_received, signals, voluntary_switches, involuntary_switches;
};
static_assert(sizeof(UserUsage) == 144);

struct SystemInfo {
    i64 uptime;
    u64 loads[3], total_memory, free_memory, shared_memory, buffer_memory, total_swap, free_swap;
    u16 processes, padding;
    u64 total_high, free_high;
    u32 memory_unit;
};
static_assert(sizeof(SystemInfo) == 112);

struct UserFileSystemStat {
    i64 type, block_size;
    u64 blocks, free_blocks, available_blocks, files, free_files;
    i32 id[2];
    i64 name_limit, fragment_size, flags, spare[4];
};
static_assert(sizeof(UserFileSystemStat) == 120);

struct StatxTime {
    i64 seconds;
    u32 nanoseconds;
    i32 reserved;
};
/// struct sembuf
struct SemaphoreOperation {
    u16 index;
    i16 change;  ///< 0: wait until it is zero
    i16 flags;
    enum Flags : i16 { no_wait = 04000, undone_at_end = 010000 };
};
struct UserStatx {
    u32 mask, block_size;
    u64 attributes;
    u32 links, uid, gid;
    u16 mode, spare0;
    u64 inode, size, blocks, attributes_mask;
    StatxTime accessed, created, changed, modified;
    u32 special_major, special_minor, device_major, device_minor;
    u64 mount_id;
    u32 direct_memory_alignment, direct_offset_alignment;
    u64 spare3[12];
};
static_assert(sizeof(UserStatx) == 256);

struct PollDescriptor {
    i32 descriptor;
    u16 events, results;
};

#if defined(__x86_64__)
struct [[gnu::packed]] EpollEvent {  // so that 32-bit programs have the same layout
#else
struct EpollEvent {
#endif
    u32 events;
    u64 data;
};
/// One of the files that an epoll set watches under a descriptor: the first but `skipped` [kcmp(2)].
struct EpollSlot {
    u32 set, descriptor, skipped;
};
static_assert(sizeof(EpollEvent) == 12 || sizeof(EpollEvent) == 16);

struct SignalMaskArgument {
    u64 address;
    u64 size;
};

struct CloneArguments {
    u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};
static_assert(sizeof(CloneArguments) == 88);

struct OpenHow {
    u64 flags, mode, resolve;
};

/// struct f_owner_ex
struct UserEventOwner {
    i32 kind, id;
};

struct FileLock {
    i16 type, whence;
    i64 start, length;
    i32 pid;
};
static_assert(sizeof(FileLock) == 32);

}  // namespace spore::linux
