// eventfd: a counter that threads and processes wake each other with [eventfd(2)].
#pragma once

#include "kernel/fs/file.hpp"

namespace spore::linux {

enum class EventCount : u8 {
    all,  ///< a read takes the whole count
    one,  ///< EFD_SEMAPHORE: a read takes one
};
Result<Shared<fs::File>> make_event_file(u64 initial, EventCount takes, fs::OpenMode mode);

/// What /proc tells of a file of this kind.
struct EventState {
    u64 count;
    u32 id;
    EventCount takes;
};
EventState state_of_event_file(fs::File& file);

}  // namespace spore::linux
