// When a run came to what, and a picture of it: the tool, the machine's own start, the kernel's steps, the program.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/types.hpp"

namespace spore::host {

class Timeline {
public:
    using Clock = std::chrono::steady_clock;
    using Point = Clock::time_point;
    explicit Timeline(Point begun = Clock::now()) : begun_(begun) {}

    void machine_started(Point now = Clock::now()) { machine_started_ = now; }
    /// The kernel's first word comes this long after its first instruction.
    void kernel_greets(u64 nanoseconds, Point now = Clock::now()) { first_instruction_ = now - std::chrono::nanoseconds(nanoseconds); }
    /// What the kernel's boot had come to, this long after its first instruction; in order.
    void kernel_mark(std::string name, u64 nanoseconds) { marks_.push_back({std::move(name), nanoseconds}); }
    void program_ended(Point now = Clock::now()) { ended_ = now; }

    enum class Who : u8 { tool, machine, kernel, program };
    struct Phase {
        std::string name;
        Who who;
        double begin, end;  ///< milliseconds since the tool's first step
    };
    /// One after the other, as far as the run came.
    std::vector<Phase> phases() const;

private:
    struct Mark {
        std::string name;
        u64 nanoseconds;
    };
    Point begun_, machine_started_{}, first_instruction_{}, ended_{};
    std::vector<Mark> marks_;
};

/// A row for each phase, the longest of all as wide as the picture.
std::string timeline_svg(const std::vector<Timeline::Phase>& phases, std::string_view title);

}  // namespace spore::host
