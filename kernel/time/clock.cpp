// The clocks: the monotonic one is the machine's, the wall clock lies a fixed distance from it.
#include "arch/cpu.hpp"
#include "kernel/time/timer.hpp"

namespace spore::time {

namespace {
// One 64-bit word, so readers need no lock: they see the distance from before a change or from after it. On a page of its own, which
// programs read, too (kernel/linux/vdso).
struct alignas(page_size) WallPage {
    std::atomic<i64> base = 0;
};
constinit WallPage wall;
constinit auto& base = wall.base;
}  // namespace

Instant now() { return {arch::monotonic_nanoseconds()}; }

const void* wall_page() { return &wall; }

i64 wall_base() { return base.load(std::memory_order_relaxed); }

void set_wall_base(i64 nanoseconds) { base.store(nanoseconds, std::memory_order_relaxed); }

i64 wall_nanoseconds() { return wall_base() + static_cast<i64>(now().nanoseconds); }

void set_wall_nanoseconds(i64 nanoseconds) { set_wall_base(nanoseconds - static_cast<i64>(now().nanoseconds)); }

}  // namespace spore::time
