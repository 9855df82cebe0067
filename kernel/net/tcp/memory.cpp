#include "kernel/net/tcp/memory.hpp"

#include <atomic>

#include "base/types.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::net::tcp {

namespace {
constinit std::atomic<u64> reserved_in_all = 0;

/// Memory that can be touched does not change after boot: asked for once. A machine so small that this would be 0 has at least a megabyte.
u64 limit() {
    static constinit std::atomic<u64> known = 0;
    u64 value = known.load(std::memory_order_relaxed);
    if (value) return value;
    u64 total = memory::memory_use().total;
    value = total / 4 > 1_MiB ? total / 4 : 1_MiB;
    known.store(value, std::memory_order_relaxed);
    return value;
}
}  // namespace

u64 memory_in_use() { return reserved_in_all.load(std::memory_order_relaxed); }

Pressure pressure() {
    u64 used = memory_in_use();
    if (used >= limit()) return Pressure::full;
    return used >= limit() / 2 ? Pressure::high : Pressure::none;
}

[[gnu::always_inline]] bool Charge::reserve(u32 used) {
    u32 wanted = static_cast<u32>(align_up(used - free_of_charge, piece));
    u32 more = wanted - reserved_;
    if (reserved_in_all.fetch_add(more, std::memory_order_relaxed) + more > limit()) {
        reserved_in_all.fetch_sub(more, std::memory_order_relaxed);
        return false;
    }
    reserved_ = wanted;
    return true;
}

void Charge::give_back() {
    u32 wanted = used_ > free_of_charge ? static_cast<u32>(align_up(used_ - free_of_charge, piece)) : 0;
    reserved_in_all.fetch_sub(reserved_ - wanted, std::memory_order_relaxed);
    reserved_ = wanted;
}

}  // namespace spore::net::tcp
