// Resource use in the shape that programs know.
#pragma once

#include "kernel/linux/process/task.hpp"
#include "kernel/linux/uapi/types.hpp"

namespace spore::linux {

inline UserUsage to_user_usage(const Usage& usage) {
    UserUsage user{};
    user.user = Timeval::of(usage.user), user.system = Timeval::of(usage.system);
    user.peak_resident_kilobytes = static_cast<i64>(usage.peak_resident_bytes / 1024);
    user.minor_faults = static_cast<i64>(usage.minor_faults), user.major_faults = static_cast<i64>(usage.major_faults);
    user.voluntary_switches = static_cast<i64>(usage.voluntary_switches), user.involuntary_switches = static_cast<i64>(usage.involuntary_switches);
    return user;
}

/// What the process has used so far, ended tasks included.
Usage usage_of(Process& process);
/// The same without what the address space knows: processor time and faults. Any context.
Usage cpu_usage_of(Process& process);

}  // namespace spore::linux
