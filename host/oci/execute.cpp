#include "host/oci/execute.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include "host/instances/execute.hpp"
#include "host/oci/console.hpp"

namespace spore::host::oci {

namespace {

/// Stands for the program on this machine, and ends with its status.
[[noreturn]] void be_program(const Container& container, const ExecOptions& options, const Process& process) {
    auto run = [&]() -> Outcome<int> {
        TRY(begin_session(options.console_socket, process));
        return execute_in(container.id(), {.arguments = process.arguments, .environment = process.environment, .folder = process.folder, .user = process.user, .terminal = process.terminal});
    };
    auto status = run();
    if (!status) tell(status.error());
    std::fflush(nullptr);
    ::_exit(status ? *status : static_cast<int>(status.error().status));
}

}  // namespace

Outcome<int> execute_in_container(const Container& container, const ExecOptions& options) {
    if (container.status() != Status::running) return failure(ExitStatus::failed, "the container {} is {}: nothing can be run in it", container.id(), name_of(container.status()));
    auto text = read_file(options.process, most_settings);
    if (!text) return failure(ExitStatus::bad_configuration, "--process {}: {}", options.process.string(), error_text());
    auto process = TRY(parse_process(*text));
    pid_t child = ::fork();
    if (child < 0) return failure(ExitStatus::failed, "cannot fork: {}", error_text());
    if (child == 0) be_program(container, options, process);
    if (!options.pid_file.empty()) TRY(write_file(options.pid_file, fmt::to_string(child)));
    if (options.detach) return 0;
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace spore::host::oci
