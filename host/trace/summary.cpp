#include "host/trace/summary.hpp"

#include <algorithm>

namespace spore::host {

namespace {

constexpr std::size_t most_calls = 20;

double milliseconds(u64 nanoseconds) { return static_cast<double>(nanoseconds) / 1e6; }
double microseconds(u64 nanoseconds) { return static_cast<double>(nanoseconds) / 1e3; }

std::string calls_table(const Story& story) {
    if (story.calls.empty()) return {};
    std::vector<std::pair<std::string, CallStatistics>> calls(story.calls.begin(), story.calls.end());
    std::ranges::stable_sort(calls, [](const auto& a, const auto& b) { return a.second.nanoseconds > b.second.nanoseconds; });
    auto text = fmt::format("{:<20} {:>8} {:>7} {:>12} {:>12} {:>12}\n", "system call", "calls", "errors", "all ms", "average us", "longest us");
    for (std::size_t i = 0; i < std::min(calls.size(), most_calls); ++i) {
        const auto& [name, call] = calls[i];
        text += fmt::format("{:<20} {:>8} {:>7} {:>12.3f} {:>12.1f} {:>12.1f}\n", name, call.calls, call.errors ? fmt::to_string(call.errors) : "", milliseconds(call.nanoseconds),
                            microseconds(call.nanoseconds) / static_cast<double>(call.calls), microseconds(call.longest));
    }
    if (calls.size() > most_calls) text += fmt::format("and {} others\n", calls.size() - most_calls);
    return text + "\n";
}

}  // namespace

std::string trace_summary(const Story& story) {
    auto text = calls_table(story);
    text += fmt::format("in {:.3f} ms: {} context switches, {} wake-ups, {} page faults, {} timers", milliseconds(story.end - story.begin), story.switches, story.wakes, story.faults, story.timers);
    if (story.packets_received || story.packets_sent) text += fmt::format(", {} packets received and {} sent", story.packets_received, story.packets_sent);
    if (story.disk_requests) text += fmt::format(", {} disk requests of {} KiB together", story.disk_requests, story.disk_bytes >> 10);
    text += '\n';
    for (const auto& [number, processor] : story.processors) {
        double idle = processor.seen ? 100.0 * static_cast<double>(processor.idle) / static_cast<double>(processor.seen) : 0;
        text += fmt::format("processor {}: {:.1f} % idle, {} context switches, {} interrupts\n", number, idle, processor.switches, processor.interrupts);
    }
    return text;
}

}  // namespace spore::host
