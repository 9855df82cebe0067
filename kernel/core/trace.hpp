// Trace points: moments that `spore trace` asks for, recorded in a ring for each processor. They are declared in abi/trace_points.list.hpp, and happen
// where somebody says so:
//
//   core::trace(TracePoint::wake, thread.number());
//
// Off by default; then each costs a load, a test and a branch. System calls pay not even that: they are sent another way while they are watched
// (linux/dispatch.hpp).
// And the boot timeline: named marks with the time at which they were passed.
#pragma once

#include <algorithm>
#include <atomic>
#include <optional>
#include <span>
#include <string_view>

#include "abi/trace.hpp"

namespace spore::core {

using abi::TracePoint;

/// What one processor, or who owns it, recorded last. Kernel code is never preempted, so one at a time writes; others may read meanwhile.
class TraceRing {
public:
    struct Slot {
        std::atomic<u64> words[sizeof(abi::TraceEvent) / sizeof(u64)];
    };
    /// A ring's memory comes in blocks of so many slots, or is one block of fewer, a power of two.
    static constexpr u32 block_slots = 32 * 1024, most_blocks = abi::most_trace_events / block_slots;

    /// `block` becomes part of the ring, before anything is recorded there. All blocks are of one size, and their number comes to a power of two.
    void add_block(std::span<Slot> block);

    void record(TracePoint point, u32 thread, u64 a, u64 b, u64 c);
    /// Forgets what was recorded before.
    void restart() { start_ = end(); }

    /// Events are numbered as they come, from start() on. Those from first() to end() - 1 are there, but the oldest of them may go meanwhile; in a full ring
    /// the very oldest counts as gone, since the next one may be on its way into its place.
    u64 start() const { return start_; }
    u64 end() const { return recorded_.load(std::memory_order_acquire); }
    u64 first() const { return std::max(start_, end() - std::min(end(), size_)); }
    /// Nothing when it was overwritten.
    std::optional<abi::TraceEvent> read(u64 number) const;

private:
    Slot& slot(u64 number) const {
        u64 place = number & (size_ - 1);
        return blocks_[place / block_slots][place % block_slots];
    }

    Slot* blocks_[most_blocks] = {};
    u64 size_ = 0;
    u64 start_ = 0;
    std::atomic<u64> recorded_ = 0;
};

/// A set of trace_bit(); set by set_traced_points().
extern std::atomic<u32> traced_point_set;
inline u32 traced_points() { return traced_point_set.load(std::memory_order_relaxed); }
inline bool traces(TracePoint point) { return traced_points() & abi::trace_bit(point); }

/// Whose the events are that say nothing else: set once there are threads.
void set_trace_subject(u32 (*running_thread)());
/// On this CPU. Where it is asked for, all else keeps its registers as if nothing had been called.
[[gnu::cold, clang::preserve_most]] void record(TracePoint point, u64 a, u64 b, u64 c);
void record_switch(u32 from, u32 to, abi::TraceLeft left);
/// Of a point that is not about a thread: up to three numbers, meaning what the declaration calls them. Where these cost
/// something, ask traces() first, and call record().
[[gnu::always_inline]] inline void trace(TracePoint point, u64 a = 0, u64 b = 0, u64 c = 0) {
    if (traces(point)) [[unlikely]] record(point, a, b, c);
}

void record_thread(TracePoint point, u32 thread, u32 process, std::string_view name);
/// Of the points thread_…: these are few, and kept apart, where the many do not overwrite what tells whose they are.
[[gnu::always_inline]] inline void trace_thread(TracePoint point, u32 thread, u32 process = 0, std::string_view name = {}) {
    if (traces(point)) [[unlikely]] record_thread(point, thread, process, name);
}

/// From now on the points of this set are recorded, in those rings that are there; none ends it, but for what another CPU records just now.
void set_traced_points(u32 points);
/// Gives a CPU, or all of them for what is about threads (trace_ring_of_threads), a ring to record into; it stays for good.
void set_trace_ring(u32 cpu, TraceRing& ring);
/// Null when there is none.
TraceRing* trace_ring(u32 cpu);

/// Notes that boot has come to `name` (a literal). Cheap; when there is no more room the mark is lost.
void mark_boot(const char* name);
struct BootMark {
    const char* name;
    u64 nanoseconds;  ///< since the first instruction
};
/// The marks so far.
std::span<const BootMark> boot_marks();
/// Writes the marks to the log at debug level, in microseconds since the first instruction and since the mark before.
void log_boot_timeline();

}  // namespace spore::core
