#include "host/trace/story.hpp"

#include <string.h>

#include <algorithm>
#include <limits>
#include <set>

#include "host/check/call_table.hpp"

namespace spore::host {

namespace {

using abi::TraceLeft;
using abi::TracePoint;

constexpr u32 idle_thread = 0;

/// Two numbers that hold a name's letters, as the kernel packed them.
std::string name_in(u64 low, u64 high) {
    std::string name;
    for (u64 word : {low, high})
        for (unsigned i = 0; i < 8 && (word >> 8 * i & 0xff); ++i) name += static_cast<char>(word >> 8 * i);
    return name;
}

std::string call_name(u64 number, Architecture architecture) {
    auto name = number < call_numbers ? find_call(static_cast<u32>(number), architecture).name : std::string_view{};
    return name.empty() ? fmt::format("syscall_{}", number) : std::string(name);
}

constexpr i64 largest_errno = 4095;
bool is_error(i64 result) { return result < 0 && result >= -largest_errno; }

/// As strace shows it.
Mark::Argument result_of(std::string_view call, i64 result) {
    if (is_error(result)) {
        auto* error = ::strerrorname_np(static_cast<int>(-result));
        return {"result", error ? fmt::format("-1 {}", error) : "? ERESTART"};
    }
    if (call == "mmap" || call == "brk" || call == "mremap") return {"result", fmt::format("{:#x}", static_cast<u64>(result))};
    return {"result", result};
}

std::string access_text(u64 access) {
    std::string text;
    for (auto [bit, name] : {std::pair{abi::TraceAccess::read, "read"}, {abi::TraceAccess::write, "write"}, {abi::TraceAccess::execute, "execute"}})
        if (access & static_cast<u64>(bit)) text += (text.empty() ? "" : "+") + std::string(name);
    return text;
}

i64 number(u64 value) { return static_cast<i64>(std::min<u64>(value, std::numeric_limits<i64>::max())); }

class Teller {
public:
    Teller(const std::vector<TracedEvent>& events, Architecture architecture) : architecture_(architecture) {
        if (events.empty()) return;
        story_.begin = events.front().nanoseconds, story_.end = events.back().nanoseconds;
        // What a thread is called comes first: one that became another program is shown as that.
        for (const auto& event : events) name(event);
        for (const auto& event : events) tell(event);
        finish();
    }
    Story take() { return std::move(story_); }

private:
    struct Span {
        const char* what;
        u64 begin;
    };
    struct OpenCall {
        u64 number, argument, begin;
    };
    struct Thread {
        std::optional<Span> waits;  ///< it is not on a processor: "asleep" or "ready"
        std::optional<OpenCall> call;
    };
    struct Processor {
        u32 thread;
        u64 since;
        u64 first;  ///< event's time
        std::optional<u64> asleep_since;
    };

    static Track track_of_thread(u32 number) { return {Track::Of::thread, number}; }
    static Track track_of_processor(u32 number) { return {Track::Of::processor, number}; }

    void add(Track track, u64 begin, std::optional<u64> duration, std::string name, std::vector<Mark::Argument> arguments = {}) {
        if (track.of == Track::Of::thread) story_.threads.try_emplace(track.number);
        story_.marks.push_back({track, begin, duration, std::move(name), std::move(arguments)});
    }
    std::string name_of(u32 thread) {
        if (thread == idle_thread) return "idle";
        auto& name = story_.threads[thread].name;
        return name.empty() ? fmt::format("thread {}", thread) : name;
    }

    void name(const TracedEvent& event) {
        if (event.point != TracePoint::thread_begin && event.point != TracePoint::thread_exec && event.point != TracePoint::thread_name) return;
        auto& thread = story_.threads[event.thread];
        thread.process = static_cast<u32>(event.arguments[0]);
        if (auto name = name_in(event.arguments[1], event.arguments[2]); !name.empty()) thread.name = std::move(name);
    }

    void end_wait(u32 thread, u64 now) {
        auto& waits = threads_[thread].waits;
        if (waits) add(track_of_thread(thread), waits->begin, now - waits->begin, waits->what);
        waits.reset();
    }

    void end_call(u32 thread, u64 now, std::optional<i64> result) {
        auto call = std::exchange(threads_[thread].call, std::nullopt);
        if (!call) return;
        auto name = call_name(call->number, architecture_);
        u64 took = now - call->begin;
        auto& statistics = story_.calls[name];
        ++statistics.calls;
        if (result) {
            statistics.errors += is_error(*result);
            statistics.nanoseconds += took;
            statistics.longest = std::max(statistics.longest, took);
        }
        std::vector<Mark::Argument> arguments{{"argument", fmt::format("{:#x}", call->argument)}};
        arguments.push_back(result ? result_of(name, *result) : Mark::Argument{"result", "?"});
        add(track_of_thread(thread), call->begin, took, std::move(name), std::move(arguments));
    }

    void leave(Processor& processor, u32 number, u64 now) {
        u64 ran = now - processor.since;
        if (processor.thread == idle_thread) story_.processors[number].idle += ran;
        else add(track_of_processor(number), processor.since, ran, name_of(processor.thread), {{"thread", static_cast<i64>(processor.thread)}});
    }

    void switch_threads(Processor& processor, const TracedEvent& event) {
        u64 now = event.nanoseconds;
        auto next = static_cast<u32>(event.arguments[0]);
        auto left = event.arguments[1];
        leave(processor, event.ring, now);
        if (event.thread != idle_thread) {
            auto& waits = threads_[event.thread].waits;
            waits.reset();
            if (left == static_cast<u64>(TraceLeft::asleep)) waits = {"asleep", now};
            else if (left == static_cast<u64>(TraceLeft::ready)) waits = {"ready", now};
        }
        if (next != idle_thread) end_wait(next, now);
        processor.thread = next, processor.since = now;
        ++story_.switches, ++story_.processors[event.ring].switches;
    }

    void wake(const TracedEvent& event) {
        ++story_.wakes;
        auto thread = static_cast<u32>(event.arguments[0]);
        u64 now = event.nanoseconds;
        end_wait(thread, now);
        threads_[thread].waits = {"ready", now};
        add(track_of_thread(thread), now, std::nullopt, "woken", {{"by", name_of(event.thread)}});
    }

    void disk(const TracedEvent& event) {
        auto [work, sectors, took] = event.arguments;
        constexpr u64 most_sectors = 1 << 30;  // of one request; more is no number of sectors
        if (took > event.nanoseconds || sectors > most_sectors) return;
        ++story_.disk_requests, story_.disk_bytes += sectors * 512;
        auto name = work == static_cast<u64>(abi::TraceDisk::read) ? "disk read" : work == static_cast<u64>(abi::TraceDisk::write) ? "disk write" : "disk flush";
        add(track_of_thread(event.thread), event.nanoseconds - took, took, name, {{"bytes", number(sectors * 512)}});
    }

    void packets(const TracedEvent& event, const char* name, u64& count) {
        u64 packets = std::min<u64>(event.arguments[1], std::numeric_limits<u32>::max());
        count += packets;
        add(track_of_processor(event.ring), event.nanoseconds, std::nullopt, name, {{"interface", number(event.arguments[0])}, {"packets", number(packets)}});
    }

    void tell(const TracedEvent& event) {
        u64 now = event.nanoseconds;
        if (event.ring == abi::trace_ring_of_threads) return tell_of_thread(event);
        auto& processor = processors_.try_emplace(event.ring, Processor{event.thread, now, now, {}}).first->second;
        switch (event.point) {
            case TracePoint::thread_begin:
            case TracePoint::thread_exec:
            case TracePoint::thread_name:
            case TracePoint::thread_end: return;
            case TracePoint::switch_thread: return switch_threads(processor, event);
            case TracePoint::wake: return wake(event);
            case TracePoint::call_begin:
                threads_[event.thread].waits.reset();
                threads_[event.thread].call = {event.arguments[0], event.arguments[1], now};
                return;
            case TracePoint::call_end:
                // One whose beginning was lost has no length.
                if (auto& call = threads_[event.thread].call; !call || call->number != event.arguments[0]) call.reset();
                else end_call(event.thread, now, static_cast<i64>(event.arguments[1]));
                return;
            case TracePoint::fault:
                ++story_.faults;
                return add(track_of_thread(event.thread), now, std::nullopt, "page fault", {{"address", fmt::format("{:#x}", event.arguments[0])}, {"access", access_text(event.arguments[1])}});
            case TracePoint::interrupt:
                ++story_.processors[event.ring].interrupts;
                return add(track_of_processor(event.ring), now, std::nullopt, "interrupt", {{"number", number(event.arguments[0])}});
            case TracePoint::packets_received: return packets(event, "packets received", story_.packets_received);
            case TracePoint::packets_sent: return packets(event, "packets sent", story_.packets_sent);
            case TracePoint::disk: return disk(event);
            case TracePoint::timer:
                ++story_.timers;
                return add(track_of_processor(event.ring), now, std::nullopt, "timer", {{"nanoseconds late", number(event.arguments[0])}});
            case TracePoint::idle_begin: processor.asleep_since = now; return;
            case TracePoint::idle_end:
                if (auto since = std::exchange(processor.asleep_since, std::nullopt)) add(track_of_processor(event.ring), *since, now - *since, "asleep");
                return;
        }
    }

    void tell_of_thread(const TracedEvent& event) {
        if (event.point == TracePoint::thread_begin) {
            auto& thread = threads_[event.thread];
            thread = {};
            ended_.erase(event.thread);
            if (event.thread != abi::first_kernel_thread) thread.waits = {"ready", event.nanoseconds};  // the first one of all runs already
        } else if (event.point == TracePoint::thread_exec) {
            add(track_of_thread(event.thread), event.nanoseconds, std::nullopt, "exec " + name_in(event.arguments[1], event.arguments[2]));
        } else if (event.point == TracePoint::thread_end) {
            end_call(event.thread, event.nanoseconds, std::nullopt);
            ended_.insert(event.thread);
            add(track_of_thread(event.thread), event.nanoseconds, std::nullopt, "end");
        }
    }

    /// Whatever still goes on, goes on to the end.
    void finish() {
        u64 end = story_.end;
        for (auto& [number, processor] : processors_) {
            leave(processor, number, end);
            if (processor.asleep_since) add(track_of_processor(number), *processor.asleep_since, end - *processor.asleep_since, "asleep");
            story_.processors[number].seen = end - processor.first;
        }
        for (auto& [number, thread] : threads_) {
            if (ended_.contains(number)) continue;
            end_wait(number, end);
            end_call(number, end, std::nullopt);
        }
        std::ranges::stable_sort(story_.marks, [](const Mark& a, const Mark& b) {
            if (a.track != b.track) return a.track < b.track;
            if (a.begin != b.begin) return a.begin < b.begin;
            return a.duration.value_or(0) > b.duration.value_or(0);
        });
    }

    Architecture architecture_;
    Story story_;
    std::map<u32, Thread> threads_;
    std::map<u32, Processor> processors_;
    std::set<u32> ended_;
};

}  // namespace

Story tell_story(const std::vector<TracedEvent>& events, Architecture architecture) { return Teller(events, architecture).take(); }

}  // namespace spore::host
