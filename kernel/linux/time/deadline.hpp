// Timeouts of system calls as points on the monotonic clock.
#pragma once

#include "arch/registers.hpp"
#include "kernel/linux/process/task.hpp"
#include "kernel/linux/uapi/types.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux {

/// `timeout` from now; never when it is null.
inline Result<Instant> deadline_after(UserIn<Timespec> timeout) {
    if (!timeout) return Instant::never();
    auto span = TRY(timeout.read());
    if (!span.valid()) return fail(Error::invalid);
    return time::now() + span.duration();
}

/// The same for a call that a stop may interrupt: when it is made again, the deadline is the first one's.
inline Instant resumable_deadline(Task& task, Duration span) {
    auto& frame = task.thread().program_frame();
    if (std::exchange(task.resuming, false)) return task.resumed_deadline;
    task.resumed_call = arch::system_call_number(frame);
    task.resumed_at = arch::instruction_pointer(frame).value;
    task.resumed_deadline = time::now() + span;
    return task.resumed_deadline;
}

}  // namespace spore::linux
