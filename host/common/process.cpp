#include "host/common/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "host/common/ending_signals.hpp"

namespace spore::host {

namespace {

/// What runs in the child between vfork and exec: system calls only, since it borrows the parent's memory.
[[noreturn]] void become(const char* path, char* const* arguments, const std::vector<Inherited>& inherited, const Identity* identity,
                         const sigset_t& none, pid_t parent, int* error) {
    if (identity) {
        // The kernel's own calls: the C library's change every thread of the process, and the child still is one with its parent. A root
        // that may not change its user (in some containers) has little to give away, and stays what it is.
        (void)::syscall(SYS_setgroups, 1, &identity->extra_group);
        (void)::syscall(SYS_setresgid, identity->group, identity->group, identity->group);
        (void)::syscall(SYS_setresuid, identity->user, identity->user, identity->user);
    }
    // After the change of user, which would undo it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    // Its own process group: Ctrl-C on the terminal is for the program in the guest, not for the machine around it.
    ::setpgid(0, 0);
    struct sigaction standard{};
    standard.sa_handler = SIG_DFL;
    for (int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT, SIGWINCH}) ::sigaction(signal, &standard, nullptr);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    // First out of the way of the numbers that are to be taken, then onto them.
    constexpr int high = 200;
    for (std::size_t i = 0; i < inherited.size(); ++i) ::dup3(inherited[i].ours, high + static_cast<int>(i), O_CLOEXEC);
    for (std::size_t i = 0; i < inherited.size(); ++i) ::dup2(high + static_cast<int>(i), inherited[i].theirs);
    ::execv(path, arguments);
    *error = errno;
    ::_exit(127);
}

}  // namespace

int Child::wait() {
    int status = 0;
    while (process_ > 0 && ::waitpid(process_, &status, 0) < 0 && errno == EINTR) {}
    process_ = -1;
    return status;
}

bool Child::ends_within(std::chrono::milliseconds time) const {
    pollfd ended{descriptor(), POLLIN, 0};
    return ::poll(&ended, 1, static_cast<int>(time.count())) > 0;
}

void Child::end() {
    if (process_ <= 0) return;
    ::kill(process_, SIGKILL);
    wait();
}

std::optional<fs::path> find_program(const std::string& name) {
    const char* variable = std::getenv("PATH");
    return find_in_path(name, std::string(variable ? variable : "") + ":/usr/sbin:/sbin:/usr/bin:/bin");
}

std::expected<Child, int> start(const std::vector<std::string>& command, const std::vector<Inherited>& inherited,
                                const std::optional<Identity>& identity) {
    fs::path path = command.at(0);
    if (command[0].find('/') == std::string::npos) {
        auto found = find_program(command[0]);
        if (!found) return std::unexpected(ENOENT);
        path = *found;
    }
    std::vector<char*> arguments;
    for (const auto& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    sigset_t none, all, before;
    ::sigemptyset(&none), ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before);
    volatile int error = 0;
    pid_t parent = ::getpid();
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wdeprecated-declarations"
    pid_t child = ::vfork();
#pragma clang diagnostic pop
    if (child == 0) become(path.c_str(), arguments.data(), inherited, identity ? &*identity : nullptr, none, parent, const_cast<int*>(&error));
    int fork_error = errno;
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
    if (child < 0) return std::unexpected(fork_error);
    FileDescriptor descriptor(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    Child process(child, std::move(descriptor));
    if (int code = error) {
        process.wait();
        return std::unexpected(code);
    }
    return process;
}

Finished run_to_end(const std::vector<std::string>& command) {
    Finished finished;
    int output[2], errors[2];
    if (::pipe2(output, O_CLOEXEC) != 0) return {.status = 127, .errors = error_text()};
    FileDescriptor read_output(output[0]), write_output(output[1]);
    if (::pipe2(errors, O_CLOEXEC) != 0) return {.status = 127, .errors = error_text()};
    FileDescriptor read_errors(errors[0]), write_errors(errors[1]);
    FileDescriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    auto child = start(command, {{nothing.number(), 0}, {write_output.number(), 1}, {write_errors.number(), 2}});
    if (!child) return {.not_found = child.error() == ENOENT, .status = 127, .errors = std::strerror(child.error())};
    write_output.close(), write_errors.close();
    auto ending = watch_ending_signals();
    struct pollfd waits[] = {{read_output.number(), POLLIN, 0}, {read_errors.number(), POLLIN, 0}, {ending.number(), POLLIN, 0}};
    while (waits[0].fd >= 0 || waits[1].fd >= 0) {
        if (::poll(waits, 3, -1) < 0 && errno != EINTR) break;
        if (waits[2].revents) {  // somebody made it wait, who has to take away what this command was to make
            child->end();
            finished.status = 128 + SIGKILL, finished.errors = "interrupted";
            return finished;
        }
        for (auto [index, text] : {std::pair{0, &finished.output}, {1, &finished.errors}}) {
            if (waits[index].fd < 0 || waits[index].revents == 0) continue;
            char buffer[4096];
            auto count = ::read(waits[index].fd, buffer, sizeof buffer);
            if (count > 0) text->append(buffer, static_cast<std::size_t>(count));
            else if (count == 0 || errno != EINTR) waits[index].fd = -1;
        }
    }
    int status = child->wait();
    finished.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return finished;
}

}  // namespace spore::host
