// A lock for short stretches of kernel code. Kernel code runs with interrupts off, so one kind serves every context but NMI.
// Its holder must not sleep, nor touch the program's memory.
#pragma once

#include <atomic>

#include "arch/cpu.hpp"
#include "base/locked.hpp"

namespace spore::sync {

class Spin {
public:
    constexpr Spin() = default;
    Spin(const Spin&) = delete;

    void lock() {
        if (held_.exchange(true, std::memory_order_acquire)) [[unlikely]] wait();  // pairs with unlock()
    }
    bool try_lock() { return !held_.exchange(true, std::memory_order_acquire); }
    void unlock() { held_.store(false, std::memory_order_release); }

private:
    /// Once for all locks; those who take one keep their registers as if nothing had been called.
    [[gnu::noinline, gnu::cold, clang::preserve_most]] void wait() {
        do
            while (held_.load(std::memory_order_relaxed)) arch::relax();
        while (held_.exchange(true, std::memory_order_acquire));
    }

    std::atomic<bool> held_ = false;
};

}  // namespace spore::sync
