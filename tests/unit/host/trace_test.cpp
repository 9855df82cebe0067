// What a traced guest sends: checked, told, drawn.
#include <gtest/gtest.h>

#include <cstring>
#include <nlohmann/json.hpp>
#include <random>

#include "host/trace/points.hpp"
#include "host/trace/summary.hpp"
#include "host/trace/trace_event.hpp"

namespace spore::host {
namespace {

using abi::TracePoint;

constexpr u64 write_call = 1, futex_call = 202;  // of x86-64

struct Sent {
    u64 nanoseconds;
    u32 thread;
    TracePoint point;
    u64 a = 0, b = 0, c = 0;
};

std::vector<std::byte> frame(u32 ring, std::initializer_list<Sent> events, u64 lost = 0) {
    abi::TracePayload head{};
    head.ring = ring, head.lost = lost, head.events = static_cast<u32>(events.size());
    std::vector<std::byte> bytes(sizeof head);
    std::memcpy(bytes.data(), &head, sizeof head);
    for (const auto& sent : events) {
        abi::TraceEvent event{};
        event.nanoseconds = sent.nanoseconds, event.thread = sent.thread, event.point = static_cast<u8>(sent.point);
        event.arguments[0] = sent.a, event.arguments[1] = sent.b, event.arguments[2] = sent.c;
        auto part = bytes_of(event);
        bytes.insert(bytes.end(), part.begin(), part.end());
    }
    return bytes;
}

u64 letters(std::string_view name) {
    u64 word = 0;
    std::memcpy(&word, name.data(), std::min(name.size(), sizeof word));
    return word;
}

Story story_of(const Recording& recording) { return tell_story(recording.events(), Architecture::x86_64); }

const Mark* find(const Story& story, Track::Of of, u32 number, std::string_view name) {
    for (const auto& mark : story.marks)
        if (mark.track == Track{of, number} && mark.name == name) return &mark;
    return nullptr;
}
const Mark* of_thread(const Story& story, u32 number, std::string_view name) { return find(story, Track::Of::thread, number, name); }
const Mark* of_processor(const Story& story, u32 number, std::string_view name) { return find(story, Track::Of::processor, number, name); }

std::string argument(const Mark& mark, std::string_view name) {
    for (const auto& one : mark.arguments)
        if (one.name == name) return std::holds_alternative<i64>(one.value) ? std::to_string(std::get<i64>(one.value)) : std::get<std::string>(one.value);
    return "none";
}

/// Thread 1 sleeps in a call and is woken on another processor by thread 2.
Recording two_processors() {
    Recording recording;
    recording.add(frame(abi::trace_ring_of_threads, {{500, 1, TracePoint::thread_begin, 1, letters("first")}, {900, 2, TracePoint::thread_begin, 1, letters("second")}}));
    recording.add(frame(0, {{1000, 0, TracePoint::switch_thread, 1, 0},
                            {1500, 1, TracePoint::call_begin, futex_call, 0xbeef},
                            {2000, 1, TracePoint::switch_thread, 0, u64(abi::TraceLeft::asleep)},
                            {2500, 0, TracePoint::idle_begin},
                            {6000, 0, TracePoint::interrupt, 0xf1},
                            {6500, 0, TracePoint::idle_end},
                            {7000, 0, TracePoint::switch_thread, 1, 0},
                            {7500, 1, TracePoint::call_end, futex_call, 0},
                            {8000, 1, TracePoint::call_begin, write_call, 3},
                            {9000, 1, TracePoint::call_end, write_call, static_cast<u64>(-9)}}));
    recording.add(frame(1, {{1200, 0, TracePoint::switch_thread, 2, 0}, {5000, 2, TracePoint::wake, 1}, {9500, 2, TracePoint::fault, 0x7000, u64(abi::TraceAccess::write)}}));
    return recording;
}

TEST(TracePoints, AreChosenByTheirFirstWords) {
    auto calls = parse_points("call,disk");
    ASSERT_TRUE(calls);
    EXPECT_TRUE(*calls & abi::trace_bit(TracePoint::call_begin));
    EXPECT_TRUE(*calls & abi::trace_bit(TracePoint::call_end));
    EXPECT_TRUE(*calls & abi::trace_bit(TracePoint::disk));
    EXPECT_TRUE(*calls & abi::trace_bit(TracePoint::switch_thread));
    EXPECT_FALSE(*calls & abi::trace_bit(TracePoint::wake));
    EXPECT_FALSE(parse_points("cal"));
    EXPECT_FALSE(parse_points("call,,disk"));
    EXPECT_NE(list_points().find("packets_received"), std::string::npos);
}

TEST(TraceStory, CallsWithTheirResultsAndWaits) {
    auto story = story_of(two_processors());
    auto* futex = of_thread(story, 1, "futex");
    ASSERT_TRUE(futex);
    EXPECT_EQ(futex->begin, 1500u);
    EXPECT_EQ(futex->duration, 6000u);
    EXPECT_EQ(argument(*futex, "result"), "0");
    EXPECT_EQ(argument(*futex, "argument"), "0xbeef");
    EXPECT_EQ(argument(*of_thread(story, 1, "write"), "result"), "-1 EBADF");
    auto* asleep = of_thread(story, 1, "asleep");
    ASSERT_TRUE(asleep);
    EXPECT_EQ(asleep->begin, 2000u);
    EXPECT_EQ(asleep->duration, 3000u);  // until it was woken
    EXPECT_EQ(argument(*of_thread(story, 1, "woken"), "by"), "second");
    EXPECT_EQ(argument(*of_thread(story, 2, "page fault"), "access"), "write");
    auto* idle = of_processor(story, 0, "asleep");
    ASSERT_TRUE(idle);
    EXPECT_EQ(idle->duration, 4000u);
    EXPECT_EQ(of_processor(story, 0, "first")->begin, 1000u);
    EXPECT_EQ(of_processor(story, 1, "second")->duration, 8300u);  // to the end
    EXPECT_EQ(story.calls.at("write").errors, 1u);
    EXPECT_EQ(story.calls.at("futex").longest, 6000u);
    EXPECT_EQ(story.processors.at(0).idle, 5000u);
    EXPECT_EQ(story.processors.at(0).seen, 8500u);
    EXPECT_EQ(story.switches, 4u);
}

TEST(TraceStory, WhatEndsInACallDoesNotReturn) {
    Recording recording;
    recording.add(frame(0, {{10, 5, TracePoint::call_begin, 231, 0}, {40, 5, TracePoint::switch_thread, 0, u64(abi::TraceLeft::ended)}, {100, 0, TracePoint::timer}}));
    recording.add(frame(abi::trace_ring_of_threads, {{30, 5, TracePoint::thread_end}}));
    auto story = story_of(recording);
    auto* exit = of_thread(story, 5, "exit_group");
    ASSERT_TRUE(exit);
    EXPECT_EQ(exit->duration, 20u);
    EXPECT_EQ(argument(*exit, "result"), "?");
    EXPECT_FALSE(of_thread(story, 5, "asleep"));
}

TEST(TraceStory, DoesWithoutWhatWasLost) {
    Recording recording;
    recording.add(frame(0, {{10, 5, TracePoint::call_end, write_call, 4}, {20, 5, TracePoint::call_begin, 4000}, {30, 5, TracePoint::call_end, write_call, 4}}, 12));
    EXPECT_EQ(recording.lost(), 12u);
    auto story = story_of(recording);
    EXPECT_FALSE(of_thread(story, 5, "write"));
    EXPECT_TRUE(story.calls.empty());
    EXPECT_TRUE(tell_story({}, Architecture::x86_64).marks.empty());
}

TEST(TraceRecording, LeavesOutWhatBreaksTheFormat) {
    Recording recording;
    recording.add({});
    recording.add(frame(64, {{1, 1, TracePoint::timer}}));                            // no such processor
    recording.add(frame(0, {{1, 1, static_cast<TracePoint>(abi::trace_point_count)}}));  // no such point
    recording.add(frame(0, {{1, 1, TracePoint::thread_begin}}));                      // not there
    recording.add(frame(abi::trace_ring_of_threads, {{1, 1, TracePoint::timer}}));    // nor here
    recording.add(frame(0, {{~u64{0}, 1, TracePoint::timer}}));                       // no such time
    auto cut = frame(0, {{1, 1, TracePoint::timer}, {2, 1, TracePoint::timer}});
    cut.pop_back();
    recording.add(cut);
    auto longer = frame(0, {{1, 1, TracePoint::timer}});
    longer.push_back(std::byte{0});
    recording.add(longer);
    EXPECT_EQ(recording.damaged(), 8u);
    EXPECT_EQ(recording.events().size(), 1u);
    recording.add(frame(0, {}, ~u64{0}));
    auto two = frame(1, {{3, 1, TracePoint::timer}}), next = frame(2, {{4, 1, TracePoint::timer}}, ~u64{0});
    two.insert(two.end(), next.begin(), next.end());  // as they come in an answer
    recording.add(two);
    EXPECT_EQ(recording.events().size(), 3u);
    EXPECT_EQ(recording.damaged(), 8u);
    EXPECT_GT(recording.lost(), u64{1} << 62);
}

/// It can be read, and on each track times ascend.
void check_picture(const std::string& text) {
    auto picture = nlohmann::json::parse(text);
    std::map<std::pair<u64, u64>, double> last;
    for (const auto& event : picture["traceEvents"]) {
        if (event["ph"] == "M") continue;
        double& before = last[{event["pid"], event["tid"]}];
        ASSERT_GE(event["ts"].get<double>(), before);
        before = event["ts"];
        if (event["ph"] == "X") ASSERT_GE(event["dur"].get<double>(), 0);
    }
}

/// Marks with durations lie beside or within each other.
void check_nesting(const Story& story) {
    std::map<Track, std::vector<u64>> ends;
    for (const auto& mark : story.marks) {
        if (!mark.duration) continue;
        auto& open = ends[mark.track];
        while (!open.empty() && open.back() <= mark.begin) open.pop_back();
        u64 end = mark.begin + *mark.duration;
        if (!open.empty()) EXPECT_LE(end, open.back()) << mark.name;
        open.push_back(end);
    }
}

TEST(TracePicture, HasARowForEachProcessorAndThread) {
    auto story = story_of(two_processors());
    check_nesting(story);
    auto text = trace_event_json(story);
    check_picture(text);
    auto picture = nlohmann::json::parse(text);
    std::set<std::pair<u64, std::string>> rows;
    for (const auto& event : picture["traceEvents"])
        if (event["name"] == "thread_name") rows.emplace(event["pid"].get<u64>(), event["args"]["name"]);
    EXPECT_EQ(rows, (std::set<std::pair<u64, std::string>>{{0, "processor 0"}, {0, "processor 1"}, {1, "first"}, {1, "second"}}));
    auto figures = trace_summary(story);
    EXPECT_NE(figures.find("futex                       1                0.006          6.0          6.0\n"), std::string::npos) << figures;
    EXPECT_NE(figures.find("processor 0: 58.8 % idle, 3 context switches, 1 interrupts\n"), std::string::npos) << figures;
}

TEST(TracePicture, NamesMayBeAnyBytes) {
    Recording recording;
    recording.add(frame(abi::trace_ring_of_threads, {{1, 9, TracePoint::thread_exec, 9, letters("\xff\"\n\x80")}}));
    check_picture(trace_event_json(story_of(recording)));
}

/// Whatever the guest sends becomes a picture.
TEST(TracePicture, OfAnyBytes) {
    std::mt19937_64 random(7);
    for (int round = 0; round < 300; ++round) {
        Recording recording;
        for (int i = 0; i < 8; ++i) {
            std::vector<std::byte> bytes(random() % 2000);
            for (auto& byte : bytes) byte = static_cast<std::byte>(random());
            if (bytes.size() >= sizeof(abi::TracePayload)) {
                abi::TracePayload head{};
                head.ring = random() % 4 == 3 ? abi::trace_ring_of_threads : static_cast<u32>(random() % 3), head.events = static_cast<u32>(bytes.size() / sizeof(abi::TraceEvent)) - random() % 2;
                std::memcpy(bytes.data(), &head, sizeof head);
            }
            // Half of them are events of few threads at times close to each other, with their arguments at random.
            for (std::size_t at = sizeof(abi::TracePayload); round % 2 && at + sizeof(abi::TraceEvent) <= bytes.size(); at += sizeof(abi::TraceEvent)) {
                abi::TraceEvent event;
                std::memcpy(&event, &bytes[at], sizeof event);
                event.nanoseconds = random() % 1000, event.thread = static_cast<u32>(random() % 4), event.point = static_cast<u8>(random() % (abi::trace_point_count + 1));
                event.arguments[0] = random() % 4;
                std::memcpy(&bytes[at], &event, sizeof event);
            }
            recording.add(bytes);
        }
        auto story = story_of(recording);
        check_picture(trace_event_json(story));
        EXPECT_FALSE(trace_summary(story).empty());
    }
}

}  // namespace
}  // namespace spore::host
