// eventfd: a counter that threads and processes wake each other with [eventfd(2)].
#pragma once

#include "kernel/fs/file.hpp"

namespace spore::linux {

enum class EventCount : u8 {
    all,  ///< a read takes the whole count
    one,  ///< EFD_SEMAPHORE: a read takes one
};
Result<Shared<fs::File>> make_event_file(u64 initial, EventCount takes, fs::OpenMode mode);

}  // namespace spore::linux
