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
        constexpr u64 little = 1_MiB;  // nobody counts memory for that
        if (more <= little && mode.load(std::memory_order_relaxed) != never) [[likely]] return true;
        return allows_much(more);
    }

private:
    bool allows_much(u64 more) const;
};
extern constinit Commitment commitment;

}  // namespace spore::memory
