// Limits of the whole machine that programs can read and root can change in /proc/sys, and that something here acts upon.
#pragma once

#include <atomic>

#include "base/types.hpp"

namespace spore::linux {

struct SystemLimits {
    std::atomic<u64> inotify_instances = 128;   ///< fs/inotify/max_user_instances
    std::atomic<u64> inotify_watches = 65536;   ///< fs/inotify/max_user_watches
    std::atomic<u64> inotify_events = 16384;    ///< fs/inotify/max_queued_events: of one instance
};
extern constinit SystemLimits system_limits;

}  // namespace spore::linux
