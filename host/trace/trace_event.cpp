#include "host/trace/trace_event.hpp"

#include <nlohmann/json.hpp>

#include <set>

namespace spore::host {

namespace {

using Json = nlohmann::ordered_json;

struct Place {
    u32 process, thread;
};
Place place_of(const Story& story, Track track) {
    if (track.of == Track::Of::processor) return {processors_process, track.number};
    auto found = story.threads.find(track.number);
    u32 process = found == story.threads.end() ? 0 : found->second.process;
    if (process == 0) return {kernel_process, track.number & ~abi::first_kernel_thread};
    return {process, track.number};
}

class Writer {
public:
    void add(const Json& event) {
        text_ += text_.empty() ? "{\"displayTimeUnit\":\"ns\",\"traceEvents\":[\n" : ",\n";
        // Names come from programs, and may be any bytes.
        text_ += event.dump(-1, ' ', false, Json::error_handler_t::replace);
    }
    void add_name(const char* kind, Place place, const std::string& name) {
        add({{"ph", "M"}, {"name", kind}, {"pid", place.process}, {"tid", place.thread}, {"args", {{"name", name}}}});
    }
    std::string finish() { return text_.empty() ? "{\"traceEvents\":[]}\n" : text_ + "\n]}\n"; }

private:
    std::string text_;
};

double microseconds(u64 nanoseconds) { return static_cast<double>(nanoseconds) / 1000; }

Json json_of(const Story& story, const Mark& mark) {
    auto place = place_of(story, mark.track);
    Json event{{"ph", mark.duration ? "X" : "i"}, {"name", mark.name}, {"pid", place.process}, {"tid", place.thread}, {"ts", microseconds(mark.begin)}};
    if (mark.duration) event["dur"] = microseconds(*mark.duration);
    else event["s"] = "t";  // a mark on its own track
    for (const auto& argument : mark.arguments) std::visit([&](const auto& value) { event["args"][std::string(argument.name)] = value; }, argument.value);
    return event;
}

}  // namespace

std::string trace_event_json(const Story& story) {
    Writer writer;
    std::set<u32> named, shown;
    for (const auto& mark : story.marks)
        if (mark.track.of == Track::Of::thread) shown.insert(mark.track.number);
    writer.add_name("process_name", {processors_process, 0}, "processors");
    writer.add_name("process_name", {kernel_process, 0}, "kernel");
    for (const auto& [number, processor] : story.processors) writer.add_name("thread_name", {processors_process, number}, fmt::format("processor {}", number));
    for (const auto& [number, thread] : story.threads) {
        if (!shown.contains(number)) continue;
        auto place = place_of(story, {Track::Of::thread, number});
        // A process is called as its first thread is, or as the first of those that are known.
        if (place.process != kernel_process && named.insert(place.process).second) {
            auto first = story.threads.find(place.process);
            writer.add_name("process_name", {place.process, place.process}, (first == story.threads.end() ? thread : first->second).name);
        }
        writer.add_name("thread_name", place, thread.name.empty() ? fmt::format("thread {}", place.thread) : thread.name);
    }
    for (const auto& mark : story.marks) writer.add(json_of(story, mark));
    return writer.finish();
}

}  // namespace spore::host
