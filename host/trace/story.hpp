// What a row of traced events tells: who ran where and when, which system calls took how long, who slept and was woken.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "host/common/architecture.hpp"
#include "host/trace/recording.hpp"

namespace spore::host {

/// A row of the picture: a processor's, or a thread's.
struct Track {
    enum class Of : u8 { processor, thread };
    Of of;
    u32 number;
    friend auto operator<=>(const Track&, const Track&) = default;
};

/// Something that took time, or only happened.
struct Mark {
    struct Argument {
        std::string_view name;
        std::variant<i64, std::string> value;
    };
    Track track;
    u64 begin;                    ///< nanoseconds since the kernel's first instruction
    std::optional<u64> duration;  ///< nothing: it happened
    std::string name;
    std::vector<Argument> arguments{};
};

struct TracedThread {
    u32 process = 0;  ///< 0: it is the kernel's
    std::string name;
};

struct CallStatistics {
    u64 calls = 0, errors = 0, nanoseconds = 0, longest = 0;
};
struct ProcessorStatistics {
    u64 seen = 0;  ///< nanoseconds, from its first event on
    u64 idle = 0;  ///< nanoseconds of these
    u64 switches = 0, interrupts = 0;
};

struct Story {
    /// In the order of their beginnings on each track; of those that begin together, what holds the others comes first. Marks with durations lie
    /// beside or within each other.
    std::vector<Mark> marks;
    std::map<u32, TracedThread> threads;
    std::map<std::string, CallStatistics> calls;
    std::map<u32, ProcessorStatistics> processors;
    u64 begin = 0, end = 0;  ///< the first event's time, and the last one's
    u64 switches = 0, wakes = 0, faults = 0, timers = 0, packets_received = 0, packets_sent = 0, disk_requests = 0, disk_bytes = 0;
};

/// `events` in the order of their times; some may be missing. `architecture` is of the programs.
Story tell_story(const std::vector<TracedEvent>& events, Architecture architecture);

}  // namespace spore::host
