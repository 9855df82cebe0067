#include "host/oci/hooks.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>

#include "host/common/pipe.hpp"
#include "host/common/process.hpp"

namespace spore::host::oci {

namespace {

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

Outcome<void> run_hook(const Hook& hook, std::string_view state) {
    auto cannot = [&](std::string_view why) { return failure(ExitStatus::failed, "the hook {} failed: {}", hook.path, why); };
    auto input = TRY(make_pipe());
    auto arguments = pointers(hook.arguments), environment = pointers(hook.environment);
    pid_t child = ::fork();
    if (child < 0) return cannot(error_text());
    if (child == 0) {
        ::dup2(input.from.number(), STDIN_FILENO);
        ::execve(hook.path.c_str(), arguments.data(), environment.data());
        auto message = fmt::format("spore: the hook {}: {}\n", hook.path, error_text());
        (void)!::write(STDERR_FILENO, message.data(), message.size());
        ::_exit(127);
    }
    Child process(child, FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, child, 0))));
    input.from.close();
    // A hook need not read it.
    struct sigaction ignore{}, before{};
    ignore.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &ignore, &before);
    (void)write_all(input.to.number(), std::as_bytes(std::span(state)));
    ::sigaction(SIGPIPE, &before, nullptr);
    input.to.close();
    if (hook.timeout && !process.ends_within(*hook.timeout)) return cannot(fmt::format("it did not end within {} s", hook.timeout->count()));
    int status = process.wait();
    if (WIFSIGNALED(status)) return cannot(fmt::format("signal {} ended it", WTERMSIG(status)));
    if (WEXITSTATUS(status) != 0) return cannot(fmt::format("it ended with status {}", WEXITSTATUS(status)));
    return {};
}

}  // namespace

Outcome<void> run_hooks(std::span<const Hook> hooks, std::string_view state) {
    for (const auto& hook : hooks) TRY(run_hook(hook, state));
    return {};
}

}  // namespace spore::host::oci
