// What the kernel records while a program is traced, and how it reaches the host: in frames of the control channel before `exit` (channel.hpp), where the
// manifest asks for it; or as answers to questions, which begin and end it while the program runs.
#pragma once

#include "base/bytes.hpp"

namespace spore::abi {

enum class TracePoint : u8 {
#define TRACE_POINT(name, arguments, text) name,
#include "abi/trace_points.list.hpp"
#undef TRACE_POINT
};
inline constexpr u32 trace_point_count = 0
#define TRACE_POINT(name, arguments, text) + 1
#include "abi/trace_points.list.hpp"
#undef TRACE_POINT
    ;
static_assert(trace_point_count <= 32, "sets of them are words of 32 bits");
constexpr u32 trace_bit(TracePoint point) { return u32{1} << static_cast<u32>(point); }
inline constexpr u32 all_trace_points = static_cast<u32>((u64{1} << trace_point_count) - 1);

/// Threads are called by the numbers that programs know them by. The kernel's own count from here on, and a processor's idle one is 0.
inline constexpr u32 first_kernel_thread = 0x8000'0000;

struct TraceEvent {
    le64 nanoseconds;   ///< since the kernel's first instruction
    le32 thread;        ///< who ran on that processor; of the points thread_…, whom it is about
    u8 point;           ///< a TracePoint
    u8 reserved[3];
    le64 arguments[3];  ///< as the point is declared; a name takes two, with zeros behind it
};
static_assert(sizeof(TraceEvent) == 40 && alignof(TraceEvent) == 1);

/// What became of a thread that a processor leaves (switch_thread).
enum class TraceLeft : u8 { ready = 0, asleep = 1, ended = 2 };
/// What a disk was asked for.
enum class TraceDisk : u8 { read = 0, write = 1, flush = 2 };
/// How a program's page was touched, as a set (fault).
enum class TraceAccess : u8 { read = 1, write = 2, execute = 4 };

/// Rings are numbered like their processors; this one has the points thread_….
inline constexpr u32 trace_ring_of_threads = ~u32{0};
/// Begins a frame, and a piece of an answer; its events follow, in the order of their times.
struct TracePayload {
    le32 ring;
    le32 events;
    le64 lost;  ///< events of this ring that were overwritten since the last such piece of it
};
static_assert(sizeof(TracePayload) == 16 && alignof(TracePayload) == 1);

/// Asks for a trace (Tag::trace).
struct TraceRecord {
    le32 points;  ///< a set of trace_bit()
    le32 events;  ///< what each processor keeps, at least: the oldest go first
};
static_assert(sizeof(TraceRecord) == 8 && alignof(TraceRecord) == 1);
/// Questions in place of a file's path: "trace/begin POINTS EVENTS", with the numbers of a TraceRecord, begins a trace anew and is answered with what programs call the
/// CPU (uname -m); "trace/end" ends it, and is answered with what was recorded.
inline constexpr char trace_questions[] = "trace/", begin_trace[] = "begin ", end_trace[] = "end";
inline constexpr u32 least_trace_events = 1024, most_trace_events = 512 * 1024;

}  // namespace spore::abi
