// Counters that one CPU at a time raises, and others read.
#pragma once

#include <atomic>

namespace spore::sync {

/// So many more. Two plain steps cost less than one that no other CPU could come between, which nobody needs here.
template <typename T>
void count(std::atomic<T>& counter, T more = 1) {
    counter.store(counter.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

}  // namespace spore::sync
