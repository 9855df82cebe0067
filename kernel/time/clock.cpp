// The clocks: the monotonic one is the machine's, the wall clock lies a fixed distance from it.
#include "arch/cpu.hpp"
#include "kernel/time/timer_queue.hpp"

namespace spore::time {

namespace {
// One 64-bit word, so readers need no lock: they see the distance from before a change or from after it. On a page of its own, which
// programs read, too (kernel/linux/vdso).
struct alignas(page_size) WallPage {
    std::atomic<i64> base = 0;
};
constinit WallPage wall;
constinit auto& base = wall.base;
constinit Locked<List<WallWatcher, &WallWatcher::watcher_link>, sync::Spin> watchers;
}  // namespace

Instant now() { return {arch::monotonic_nanoseconds()}; }

const void* wall_page() { return &wall; }

i64 wall_base() { return base.load(std::memory_order_relaxed); }

void set_wall_base(i64 nanoseconds) { base.store(nanoseconds, std::memory_order_relaxed); }

i64 wall_nanoseconds() { return wall_base() + static_cast<i64>(now().nanoseconds); }

void set_wall_nanoseconds(i64 nanoseconds) { set_wall_base(nanoseconds - static_cast<i64>(now().nanoseconds)); }


void change_wall_nanoseconds(i64 nanoseconds) {
    set_wall_nanoseconds(nanoseconds);
    tell_queues_of_wall_change();
    watchers.with([](auto& all) {
        for (auto& watcher : all) watcher.wall_changed();
    });
}

void WallWatcher::watch_wall() {
    watchers.with([&](auto& all) {
        if (!watcher_link.linked) all.push_back(*this);
    });
}

void WallWatcher::stop_watching_wall() {
    watchers.with([&](auto& all) {
        if (watcher_link.linked) all.remove(*this);
    });
}

Instant now_beside(Instant other) { return is_on_wall(other) ? on_wall(wall_nanoseconds()) : now(); }

}  // namespace spore::time
