#include "host/trace/trace.hpp"

#include <poll.h>

#include <cstdio>
#include <limits>

#include "host/common/ending_signals.hpp"
#include "host/common/files.hpp"
#include "host/instances/control.hpp"
#include "host/run/run.hpp"
#include "host/trace/points.hpp"
#include "host/trace/summary.hpp"
#include "host/trace/trace_event.hpp"

namespace spore::host {

namespace {

std::string closing_words(const Recording& recording, std::size_t events, const TraceOptions& options) {
    auto text = fmt::format("{} shows {} events: ui.perfetto.dev and speedscope.app open it\n", options.output.string(), events);
    if (recording.lost()) text += fmt::format("{} earlier ones were lost: more are kept with --events, or fewer come with --points\n", recording.lost());
    if (recording.damaged()) text += fmt::format("{} could not be understood: build the tool and the kernel from the same sources\n", recording.damaged());
    return text;
}

Outcome<u32> points_of(const TraceOptions& options) {
    if (options.points.empty()) return abi::all_trace_points;
    return parse_points(options.points);
}

Outcome<void> show(const Recording& recording, Architecture architecture, const TraceOptions& options) {
    auto events = recording.events();
    if (events.empty()) return failure(ExitStatus::failed, "the kernel recorded nothing: this one cannot, or had too little memory");
    auto story = tell_story(events, architecture);
    TRY(write_file(options.output, trace_event_json(story)));
    auto text = trace_summary(story) + closing_words(recording, events.size(), options);
    std::fwrite(text.data(), 1, text.size(), stderr);
    return {};
}

}  // namespace

Outcome<int> trace(Plan plan, const TraceOptions& options) {
    plan.trace = {.points = TRY(points_of(options)), .events = options.events};
    auto prepared = TRY(prepare(plan));
    Recording recording;
    auto status = run(plan, std::move(prepared), {.trace = [&](ByteSpan payload) { recording.add(payload); }});
    // A run that failed has the say; what was recorded of it is shown all the same.
    if (auto shown = show(recording, plan.architecture, options); !shown && status) return std::unexpected(shown.error());
    return status;
}

Outcome<int> trace_machine(const std::string& name, std::chrono::milliseconds time, const TraceOptions& options) {
    auto points = TRY(points_of(options));
    auto instance = TRY(Instance::open_running(name));
    // Its calls take longer until this is ended again.
    EndingSignalsWait wait;
    auto machine = ask_guest(instance, fmt::format("{}{}{} {}", abi::trace_questions, abi::begin_trace, points, options.events));
    if (!machine) return failure(machine.error().status, "{} (a kernel that was tailored needs --keep trace)", machine.error().message);
    auto signals = watch_ending_signals();
    struct pollfd signal{signals.number(), POLLIN, 0};
    (void)::poll(&signal, 1, static_cast<int>(std::min<i64>(time.count(), std::numeric_limits<int>::max())));
    auto answer = TRY(ask_guest(instance, fmt::format("{}{}", abi::trace_questions, abi::end_trace)));
    Recording recording;
    recording.add(std::as_bytes(std::span(answer)));
    TRY(show(recording, *machine == "aarch64" ? Architecture::arm64 : Architecture::x86_64, options));
    return 0;
}

}  // namespace spore::host
