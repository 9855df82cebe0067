#include "kernel/net/tcp/orphans.hpp"

#include <atomic>

#include "base/types.hpp"
#include "kernel/net/tcp/memory.hpp"

namespace spore::net::tcp {

namespace {
constexpr u32 max_orphans = 16'384;
constinit std::atomic<u32> orphans = 0;
}  // namespace

bool count_orphan() {
    if (pressure() == Pressure::full) return false;
    if (orphans.fetch_add(1, std::memory_order_relaxed) < max_orphans) return true;
    orphans.fetch_sub(1, std::memory_order_relaxed);
    return false;
}

void forget_orphan() { orphans.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace spore::net::tcp
