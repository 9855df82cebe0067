// Recording, and the boot timeline.
#include "kernel/core/trace.hpp"

#include <algorithm>

#include "arch/cpu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/panic.hpp"

// Laid by the linker around the section, when there is one.
extern "C" [[gnu::weak]] spore::core::TracePoint __start_trace_points[];
extern "C" [[gnu::weak]] spore::core::TracePoint __stop_trace_points[];

namespace spore::core {
namespace {

struct Ring {
    TraceEvent* events = nullptr;
    u64 mask = 0;
    u64 recorded = 0;
};
// Not PER_CPU: a new CPU's area may be a copy of another's, and rings are given by number.
constinit Ring rings[arch::max_cpus] = {};

constinit BootMark marks[48] = {};
constinit std::atomic<u32> mark_count = 0;

}  // namespace

std::span<TracePoint> trace_points() {
    if (!__start_trace_points) return {};
    return {__start_trace_points, __stop_trace_points};
}

unsigned enable_trace_points(std::string_view name) {
    unsigned count = 0;
    for (auto& point : trace_points()) {
        if (name != "*" && name != point.name()) continue;
        point.enable(true);
        ++count;
    }
    return count;
}

void TracePoint::record(u64 a, u64 b, u64 c) const {
    Ring& ring = rings[arch::cpu_id()];
    if (!ring.events) return;
    ring.events[ring.recorded++ & ring.mask] = {arch::monotonic_nanoseconds(), this, {a, b, c}};
}

void set_trace_ring(u32 cpu, std::span<TraceEvent> ring) {
    ASSERT(cpu < arch::max_cpus && std::has_single_bit(ring.size()));
    rings[cpu] = {ring.data(), ring.size() - 1, 0};
}

void visit_trace(u32 cpu, TraceVisitor visitor, void* context) {
    const Ring& ring = rings[cpu];
    if (!ring.events) return;
    u64 end = ring.recorded;
    for (u64 i = end > ring.mask ? end - ring.mask - 1 : 0; i < end; ++i) visitor(context, ring.events[i & ring.mask]);
}

void mark_boot(const char* name) {
    u32 index = mark_count.fetch_add(1, std::memory_order_relaxed);
    if (index < std::size(marks)) marks[index] = {name, arch::monotonic_nanoseconds()};
}

std::span<const BootMark> boot_marks() { return {marks, std::min<u32>(mark_count.load(std::memory_order_relaxed), std::size(marks))}; }

void log_boot_timeline() {
    u64 before = 0;
    for (auto& mark : boot_marks()) {
        u64 at = mark.nanoseconds / 1000;
        debug("boot: {} us (+{}) {}", at, at - before, mark.name);
        before = at;
    }
}

}  // namespace spore::core
