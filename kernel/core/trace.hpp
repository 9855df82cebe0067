// Trace points: moments that a tool can ask for, recorded in a ring per CPU. One declaration is all:
//
//   TRACE_POINT(context_switch, "from to");           in a .cpp, at namespace scope
//   context_switch(from.number(), to.number());       where it happens
//
// Off by default; then each costs a load and a branch. And the boot timeline: named marks with the time at which they were passed.
#pragma once

#include <atomic>
#include <span>
#include <string_view>

#include "base/types.hpp"

namespace spore::core {

class TracePoint;

struct TraceEvent {
    u64 nanoseconds;
    const TracePoint* point;
    u64 arguments[3];
};

class TracePoint {
public:
    constexpr TracePoint(const char* name, const char* arguments) : name_(name), arguments_(arguments) {}

    /// Up to three numbers, meaning what the declaration calls them.
    void operator()(u64 a = 0, u64 b = 0, u64 c = 0) const {
        if (enabled_.load(std::memory_order_relaxed)) [[unlikely]] record(a, b, c);
    }
    const char* name() const { return name_; }
    /// The arguments' names, separated by blanks.
    const char* argument_names() const { return arguments_; }
    void enable(bool on) const { enabled_.store(on, std::memory_order_relaxed); }

private:
    void record(u64 a, u64 b, u64 c) const;

    const char* name_;
    const char* arguments_;
    mutable std::atomic<bool> enabled_ = false;
};

/// Every declared point.
std::span<TracePoint> trace_points();
/// Enables the points whose name is `name` (all for "*"); how many.
unsigned enable_trace_points(std::string_view name);

/// Gives this CPU a ring to record into (until then nothing is); a power of two of events. It overwrites the oldest.
void set_trace_ring(u32 cpu, std::span<TraceEvent> ring);
/// Visits a CPU's recorded events, oldest first. What is recorded meanwhile may be missed or torn: disable the points first.
using TraceVisitor = void (*)(void* context, const TraceEvent& event);
void visit_trace(u32 cpu, TraceVisitor visitor, void* context);

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

#define TRACE_POINT(name, arguments) \
    [[gnu::section("trace_points"), gnu::used, gnu::retain]] constinit ::spore::core::TracePoint name { #name, arguments }
