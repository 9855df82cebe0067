#include "kernel/net/tcp/orphans.hpp"

#include <atomic>

#include "kernel/net/tcp/control_block.hpp"
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

u64 undelivered_of_orphans() {
    if (!orphans.load(std::memory_order_relaxed)) return 0;
    u64 sum = 0;
    for (u32 stripe = 0; stripe < Table::stripe_count; ++stripe)
        table.for_each(stripe, [&](TableEntry& entry) {
            if (entry.kind == TableEntry::Kind::connection) sum += static_cast<ControlBlock&>(entry).undelivered_of_orphan();
        });
    return sum;
}

}  // namespace spore::net::tcp
