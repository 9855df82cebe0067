// The host tool: arguments → plan → root → image → run → exit status.
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <new>
#include <set>

#include "host/cli/options.hpp"
#include "host/common/text.hpp"
#include "host/inspect/inspect.hpp"
#include "host/oci/runtime.hpp"
#include "host/run/run.hpp"

namespace spore::host {
namespace {

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

Outcome<int> execute(const RunCommand& command) {
    Timeline timeline;
    auto plan = TRY(make_plan(command.request));
    plan.timeline = !command.timeline.empty();
    if (!command.dry_run && command.save_bundle.empty()) {
        auto prepared = TRY(prepare(plan));
        auto status = run(plan, std::move(prepared), {.timeline = &timeline});
        if (plan.timeline) TRY(write_file(command.timeline, timeline_svg(timeline.phases(), plan.program)));
        return status;
    }
    auto prepared = TRY(prepare(plan));
    if (command.dry_run) print(describe(plan) + "\n" + shell_line(prepared.command) + "\n");
    if (!command.save_bundle.empty()) TRY(write_bundle(prepared, command.save_bundle));
    return 0;
}
Outcome<int> execute(const InspectCommand& command) {
    if (!command.treemap.empty()) TRY(draw_treemap(command.file, command.treemap));
    print(TRY(inspect(command.file)));
    return 0;
}
Outcome<int> execute(const DoctorCommand&) {
    auto diagnosis = diagnose();
    print(diagnosis.text);
    return diagnosis.healthy ? 0 : static_cast<int>(ExitStatus::missing_tool);
}
Outcome<int> execute(const PrintCommand& command) {
    print(command.text);
    return 0;
}

Outcome<int> execute(const ActionCommand& command) { return command.act(); }

/// `spore kernel-of VERB …`: which kernels the command would run, for who builds them first (the script ./spore).
Outcome<int> tell_kernels(const Command& command) {
    std::vector<Request> requests;
    if (auto* run = std::get_if<RunCommand>(&command)) requests.push_back(run->request);
    else if (auto* action = std::get_if<ActionCommand>(&command); action && action->requests) requests = TRY(action->requests());
    std::set<std::string_view> names;
    for (auto& request : requests) {
        request.kernel = "/dev/null";  // it need not be there yet, nor is it tailored yet
        request.tailored = false, request.kept.clear();
        names.insert(kernel_name(TRY(make_plan(request))));
    }
    for (auto name : names) print(fmt::format("{}\n", name));
    return 0;
}

Outcome<int> tool(int count, const char* const* arguments) {
    if (count > 0 && fs::path(arguments[0]).filename() == oci::runtime_name) return oci::runtime(count, arguments);
    if (count > 1 && std::string_view(arguments[1]) == "kernel-of") return tell_kernels(TRY(parse_command_line(count - 1, arguments + 1)));
    auto command = TRY(parse_command_line(count, arguments));
    return std::visit([](const auto& chosen) { return execute(chosen); }, command);
}

/// The number of a stream that was closed before us would be the next file's that is opened, and what is meant for the stream would go there.
/// What takes its place fails as the closed one would: it is open the wrong way.
void keep_numbers_of_streams() {
    for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(stream, F_GETFD) < 0) (void)::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

/// What the tool printed is there, or it has failed.
Outcome<int> with_output(Outcome<int> status) {
    bool lost = std::ferror(stdout);
    errno = 0;
    if (std::fflush(stdout) != 0 || lost)
        return failure(ExitStatus::failed, "cannot write to standard output{}{}", errno ? ": " : "", errno ? error_text() : "");
    return status;
}

/// What the standard library throws is in its own words; where they were not enough, the caller asked beforehand.
Outcome<int> guarded_tool(int count, const char* const* arguments) {
    try {
        return with_output(tool(count, arguments));
    } catch (const fs::filesystem_error& error) {
        return failure(ExitStatus::failed, "{}: {}", error.path1().empty() ? "the current folder" : error.path1().string(), error.code().message());
    } catch (const std::bad_alloc&) {
        return failure(ExitStatus::failed, "this machine has too little memory for the tool itself");
    }
}

}  // namespace
}  // namespace spore::host

int main(int count, char** arguments) {
    spore::host::keep_numbers_of_streams();
    auto status = spore::host::guarded_tool(count, arguments);
    if (status) return *status;
    spore::host::tell(status.error());
    return static_cast<int>(status.error().status);
}
