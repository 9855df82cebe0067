// The parts of prctl(2) that deal with capabilities.
#pragma once

#include "kernel/linux/process/task.hpp"

namespace spore::linux::calls {

enum class BoundAction : u8 { read, drop };
/// PR_CAPBSET_READ and PR_CAPBSET_DROP.
Result<u64> bound_capabilities(Task& task, u64 one, BoundAction action);
/// PR_CAP_AMBIENT, whose arguments follow.
Result<u64> change_ambient(Task& task, u64 action, u64 one, u64 fourth, u64 fifth);

}  // namespace spore::linux::calls
