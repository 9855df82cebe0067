// How much memory programs were promised, and whether they may be promised more (vm.overcommit_memory) [proc_sys_vm(5)].
#pragma once

#include <atomic>

#include "kernel/memory/frame.hpp"

namespace spore::memory {

struct Commitment {
    enum Mode : u64 { guess = 0, always = 1, never = 2 };

    /// Bytes of private memory that can be written to, and of stacks, whether there are pages yet or not.
    std::atomic<u64> promised = 0;
    std::atomic<u64> mode = guess, percent = 50;

    /// Bytes that may be promised where the mode is `never`; there is nothing to swap to.
    u64 limit() const { return memory_use().total / 100 * percent.load(std::memory_order_relaxed); }
    bool allows(u64 more) const {
        if (mode.load(std::memory_order_relaxed) != never) [[likely]] return true;
        return promised.load(std::memory_order_relaxed) + more <= limit();
    }
};
extern constinit Commitment commitment;

}  // namespace spore::memory
