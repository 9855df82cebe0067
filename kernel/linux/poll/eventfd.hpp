// eventfd: a counter that is read, written and waited for through a descriptor [eventfd(2)].
#pragma once

#include "kernel/fs/file.hpp"

namespace spore::linux {

enum class EventMode : u8 { counter, semaphore };
Result<Shared<fs::File>> make_eventfd(u64 initial, EventMode mode, bool nonblocking);

}  // namespace spore::linux
