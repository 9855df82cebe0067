// Who a process acts as, and what it may use up.
#pragma once

#include "abi/groups.hpp"
#include "kernel/linux/process/capabilities.hpp"

namespace spore::linux {

struct Credentials {
    u32 uid = 0, effective_uid = 0, saved_uid = 0, file_uid = 0;
    u32 gid = 0, effective_gid = 0, saved_gid = 0, file_gid = 0;
    static constexpr u32 max_groups = abi::most_groups;
    u32 group_count = 0;
    u32 groups[max_groups] = {};

    Capabilities capabilities;

    bool may(Capability one) const { return capabilities.has(one); }
};

// RLIMIT_*
enum Resource : u32 {
    limit_cpu = 0, limit_file_size = 1, limit_data = 2, limit_stack = 3, limit_core = 4, limit_resident = 5, limit_processes = 6,
    limit_files = 7, limit_locked = 8, limit_address_space = 9, limit_locks = 10, limit_signals = 11, limit_queues = 12,
    limit_nice = 13, limit_realtime_priority = 14, limit_realtime_time = 15, resource_count = 16,
};

/// struct rlimit64
struct Limit {
    static constexpr u64 infinite = ~u64{0};
    u64 soft = infinite, hard = infinite;
};

struct Limits {
    Limit of[resource_count];

    static constexpr Limits defaults() {
        Limits limits;
        limits.of[limit_stack] = {8 << 20, Limit::infinite};
        limits.of[limit_core] = {0, Limit::infinite};
        limits.of[limit_files] = {1024, 1 << 20};
        limits.of[limit_locked] = {8 << 20, 8 << 20};
        limits.of[limit_signals] = {8192, 8192};  // for each thread, and for the process as a whole
        limits.of[limit_queues] = {819200, 819200};
        limits.of[limit_nice] = {0, 0};
        limits.of[limit_realtime_priority] = {0, 0};
        return limits;
    }
};

}  // namespace spore::linux
