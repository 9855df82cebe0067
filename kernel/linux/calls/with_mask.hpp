// Calls that wait with a signal mask of their own: ppoll and its like.
#pragma once

#include "kernel/linux/signal/deliver.hpp"
#include "kernel/linux/user.hpp"

namespace spore::linux {

inline Result<SignalSet> read_mask(UserIn<SignalSet> mask, u64 size) {
    if (size != sizeof(SignalSet)) return fail(Error::invalid);
    return mask.read();
}

/// Runs `wait` with other signals blocked, when a mask is given.
template <typename F>
Result<u64> with_mask(Task& task, UserIn<SignalSet> mask, u64 size, F&& wait) {
    if (!mask) return wait();
    begin_temporary_mask(task, TRY(read_mask(mask, size)));
    auto result = wait();
    end_temporary_mask(task, !result && result.error() == Error::interrupted);
    return result;
}

}  // namespace spore::linux
