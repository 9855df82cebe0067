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
        while (held_.exchange(true, std::memory_order_acquire))       // pairs with unlock()
            while (held_.load(std::memory_order_relaxed)) arch::relax();
    }
    bool try_lock() { return !held_.exchange(true, std::memory_order_acquire); }
    void unlock() { held_.store(false, std::memory_order_release); }

private:
    std::atomic<bool> held_ = false;
};

}  // namespace spore::sync
