// Linux's clocks by their numbers.
#pragma once

#include "kernel/linux/process/task.hpp"
#include "kernel/linux/uapi/types.hpp"

namespace spore::linux {

enum ClockId : i32 {
    clock_realtime = 0, clock_monotonic = 1, clock_process_cpu = 2, clock_thread_cpu = 3, clock_monotonic_raw = 4, clock_realtime_coarse = 5,
    clock_monotonic_coarse = 6, clock_boottime = 7, clock_realtime_alarm = 8, clock_boottime_alarm = 9, clock_tai = 11,
};
constexpr bool follows_wall(i32 clock) {
    return clock == clock_realtime || clock == clock_realtime_coarse || clock == clock_realtime_alarm || clock == clock_tai;
}

/// Nanoseconds on a clock; invalid when there is none of this number.
Result<i64> read_clock(Task& task, i32 clock);
/// A point on a clock that follows the wall or boot, as a deadline.
Instant instant_of(i32 clock, Timespec at);

}  // namespace spore::linux
