// A lock whose holder may sleep: file system structures, address spaces.
#pragma once

#include "kernel/sync/wait_queue.hpp"

namespace spore::sync {

class Mutex {
public:
    constexpr Mutex() = default;
    Mutex(const Mutex&) = delete;

    void lock();
    bool try_lock();
    void unlock();

private:
    Spin state_;
    bool held_ = false;
    WaitQueue waiting_;
};

}  // namespace spore::sync
