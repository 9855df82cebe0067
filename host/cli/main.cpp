// The host tool: arguments → plan → root → image → run → exit status.
#include <sys/sendfile.h>
#include <unistd.h>

#include <cstdio>

#include "host/cli/options.hpp"
#include "host/common/colour.hpp"
#include "host/inspect/inspect.hpp"
#include "host/run/qemu_command.hpp"
#include "host/run/run.hpp"

namespace spore::host {
namespace {

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

Outcome<int> save_bundle(const Prepared& prepared, const fs::path& path) {
    std::FILE* file = std::fopen(path.c_str(), "wbe");
    auto append = [&](const FileDescriptor& part) {
        auto bytes = MappedFile::open(fmt::format("/proc/self/fd/{}", part.number()));
        return bytes && std::fwrite(bytes->bytes().data(), 1, bytes->bytes().size(), file) == bytes->bytes().size();
    };
    bool good = file && append(prepared.bundle) && (prepared.root_part != RootPart::follows || append(prepared.root_image));
    if (file && std::fclose(file) != 0) good = false;
    if (!good) return failure(ExitStatus::failed, "cannot write {}: {}", path.string(), error_text());
    return 0;
}

Outcome<int> execute(const RunCommand& command) {
    auto plan = TRY(make_plan(command.request));
    if (!command.dry_run && command.save_bundle.empty()) return run(plan);
    auto prepared = TRY(prepare(plan));
    if (command.dry_run) print(describe(plan) + "\n" + shell_line(prepared.command) + "\n");
    if (!command.save_bundle.empty()) return save_bundle(prepared, command.save_bundle);
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

/// `spore kernel-of VERB …`: which kernel the command would run, for who builds it first (the script ./spore).
Outcome<int> tell_kernel(const Command& command) {
    Outcome<Request> request = failure(ExitStatus::failed, "this verb runs no program");
    if (auto* run = std::get_if<RunCommand>(&command)) request = run->request;
    else if (auto* action = std::get_if<ActionCommand>(&command); action && action->request) request = action->request();
    if (!request) return std::unexpected(request.error());
    request->kernel = "/dev/null";  // it need not be there yet
    print(fmt::format("{}\n", kernel_name(TRY(make_plan(*request)))));
    return 0;
}

Outcome<int> tool(int count, const char* const* arguments) {
    if (count > 1 && std::string_view(arguments[1]) == "kernel-of") return tell_kernel(TRY(parse_command_line(count - 1, arguments + 1)));
    auto command = TRY(parse_command_line(count, arguments));
    return std::visit([](const auto& chosen) { return execute(chosen); }, command);
}

}  // namespace
}  // namespace spore::host

int main(int count, char** arguments) {
    auto status = spore::host::tool(count, arguments);
    std::fflush(stdout);
    if (status) return *status;
    std::fprintf(stderr, "%s %s\n", spore::host::coloured(STDERR_FILENO, spore::host::Colour::red, "spore:").c_str(), status.error().message.c_str());
    return static_cast<int>(status.error().status);
}
