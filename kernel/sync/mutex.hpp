// A lock whose holder may sleep: file system structures, address spaces.
#pragma once

#include "kernel/sync/wait_queue.hpp"

namespace spore::sync {

/// One word, and a queue that is touched only when the lock is contended. Not fair: who comes by takes a free lock at once.
class Mutex {
public:
    constexpr Mutex() = default;
    Mutex(const Mutex&) = delete;

    void lock() {
        if (!try_lock()) [[unlikely]] lock_contended();
    }
    bool try_lock() {
        u8 expected = free;
        return word_.compare_exchange_strong(expected, held, std::memory_order_acquire);
    }
    void unlock() {
        if (word_.exchange(free, std::memory_order_release) != held) [[unlikely]] wake_next();
    }

private:
    static constexpr u8 free = 0;
    static constexpr u8 held = 1;
    static constexpr u8 contended = 2;  ///< held, and somebody may wait

    void lock_contended();
    void wake_next();

    std::atomic<u8> word_ = free;
    WaitQueue waiting_;
};

}  // namespace spore::sync
