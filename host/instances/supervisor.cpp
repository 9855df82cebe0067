#include "host/instances/supervisor.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <chrono>
#include <thread>

#include "host/common/pipe.hpp"
#include "host/instances/control.hpp"
#include "host/instances/log_file.hpp"
#include "host/run/session.hpp"

namespace spore::host {

namespace {

i64 now() { return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count(); }

constexpr int ending_signals[]{SIGTERM, SIGINT, SIGHUP, SIGQUIT};
sigset_t set_of_ending_signals() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (int signal : ending_signals) ::sigaddset(&signals, signal);
    return signals;
}

/// A fork that does not outlive its maker.
Outcome<pid_t> fork_runner(const std::function<int()>& run, int output, int errors) {
    // What is forwarded to it waits from its beginning until the session takes it.
    sigset_t forwarding;
    ::sigemptyset(&forwarding), ::sigaddset(&forwarding, forwarding_signal());
    ::sigprocmask(SIG_BLOCK, &forwarding, nullptr);
    pid_t parent = ::getpid();
    pid_t child = ::fork();
    if (child < 0) return failure(ExitStatus::failed, "cannot fork: {}", error_text());
    if (child > 0) return child;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    auto ending = set_of_ending_signals();
    ::sigprocmask(SIG_UNBLOCK, &ending, nullptr);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(errors, STDERR_FILENO);
    int status = run();
    std::fflush(nullptr);
    ::_exit(status);
}

class Supervisor {
public:
    Supervisor(Instance& instance, const Supervised& what) : instance_(instance), what_(what), lock_(instance.hand_over_lock()) {}

    /// Everything up to the running machine; what goes wrong is told to the process that started us.
    Outcome<void> begin() {
        log_ = TRY(LogWriter::create(instance_.log()));
        listener_ = TRY(listen_at(instance_, Door::control));
        TRY(start_runner(what_.run));
        if (what_.handed_over) what_.handed_over();
        // Only now: until the fork is done, these signals end us in the ordinary way.
        auto signals = set_of_ending_signals();
        ::sigprocmask(SIG_BLOCK, &signals, nullptr);
        ending_ = FileDescriptor(::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
        state_ = {.supervisor = ::getpid(), .command = what_.command, .started = now(), .ended = {}, .status = {}, .debugger = what_.debugger, .origin = what_.origin};
        return instance_.write(state_);
    }

    void serve() {
        int status = serve_runner();
        while (!to_stay_ended_ && what_.restart.wants(status, state_.restarts) && pause_before_restart() && restart(status)) status = serve_runner();
        state_.ended = now();
        state_.status = status;
        if (what_.after_end == AfterEnd::remove) instance_.remove();
        else (void)instance_.write(state_);
    }

private:
    Outcome<void> start_runner(const std::function<int()>& run) {
        auto output = TRY(make_pipe()), errors = TRY(make_pipe());
        runner_ = TRY(fork_runner(run, output.to.number(), errors.to.number()));
        runner_ended_ = FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, runner_, 0)));
        output_ = std::move(output.from), errors_ = std::move(errors.from);
        return {};
    }

    /// Until the runner has ended and everything that it wrote is read: its status.
    int serve_runner() {
        enum { output, errors, listener, runner, ending, count };
        struct pollfd waits[count] = {{output_.number(), POLLIN, 0}, {errors_.number(), POLLIN, 0}, {listener_.number(), POLLIN, 0},
                                      {runner_ended_.number(), POLLIN, 0}, {ending_.number(), POLLIN, 0}};
        while (waits[runner].fd >= 0 || waits[output].fd >= 0 || waits[errors].fd >= 0) {
            if (::poll(waits, count, -1) < 0 && errno != EINTR) break;
            if (waits[output].revents && !keep(output_, LogStream::output)) waits[output].fd = -1;
            if (waits[errors].revents && !keep(errors_, LogStream::errors)) waits[errors].fd = -1;
            if (waits[listener].revents) answer();
            if (waits[ending].revents) end_runner(), waits[ending].fd = -1;
            if (waits[runner].revents) waits[runner].fd = -1;
        }
        int status = 0;
        while (::waitpid(runner_, &status, 0) < 0 && errno == EINTR) {}
        runner_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

    /// Longer each time, unless it ran for a while. False when it is to stay ended.
    bool pause_before_restart() {
        using namespace std::chrono;
        constexpr auto first = 100ms, longest = 60'000ms;
        constexpr i64 seconds_of_good_work = 10;
        pause_ = pause_ == 0ms || now() - state_.started >= seconds_of_good_work ? first : std::min(2 * pause_, longest);
        struct pollfd waits[]{{listener_.number(), POLLIN, 0}, {ending_.number(), POLLIN, 0}};
        for (auto until = steady_clock::now() + pause_; !to_stay_ended_ && steady_clock::now() < until;) {
            auto left = duration_cast<milliseconds>(until - steady_clock::now()).count() + 1;
            if (::poll(waits, std::size(waits), static_cast<int>(left)) <= 0) continue;
            if (waits[0].revents) answer();
            if (waits[1].revents) to_stay_ended_ = true;
        }
        return !to_stay_ended_;
    }

    bool restart(int status) {
        auto line = fmt::format("spore: the machine ended with status {} and is started anew\n", status);
        log_->add(LogStream::errors, line);
        ++state_.restarts;
        state_.started = now();
        (void)instance_.write(state_);
        return start_runner(what_.run_again).has_value();
    }

    /// False at the stream's end.
    bool keep(const FileDescriptor& from, LogStream stream) {
        char buffer[65536];
        auto size = ::read(from.number(), buffer, sizeof buffer);
        if (size > 0) log_->add(stream, {buffer, static_cast<std::size_t>(size)});
        return size > 0 || (size < 0 && errno == EINTR);
    }
    void end_runner() {
        to_stay_ended_ = true;
        if (!ended()) ::kill(runner_, SIGKILL);
    }
    void forward(int value) const {
        if (!ended()) ::sigqueue(runner_, forwarding_signal(), {.sival_int = value});
    }
    bool ended() const {
        if (runner_ < 0) return true;
        struct pollfd wait{runner_ended_.number(), POLLIN, 0};
        return ::poll(&wait, 1, 0) > 0;
    }
    void answer() {
        auto request = accept_control(listener_.number());
        if (!request) return;
        constexpr std::string_view signal = "signal ";
        int number = 0;
        if (request->text == "end") {
            end_runner();
        } else if (request->text == "stop") {
            to_stay_ended_ = true;
            forward(stop_request());
        } else if (request->text.starts_with(signal) &&
                   std::from_chars(request->text.data() + signal.size(), request->text.data() + request->text.size(), number).ec == std::errc{} &&
                   number > 0 && number <= SIGRTMAX) {
            if (number == SIGKILL) end_runner();
            else forward(number);
        } else {
            return request->answer("this version does not know that request");
        }
        request->answer("ok");
    }

    const Instance& instance_;
    const Supervised& what_;
    InstanceState state_;
    FileDescriptor lock_, listener_, output_, errors_, runner_ended_, ending_;
    std::optional<LogWriter> log_;
    pid_t runner_ = -1;                    ///< -1: between two
    bool to_stay_ended_ = false;           ///< somebody ended it, or asked it to stop
    std::chrono::milliseconds pause_{0};   ///< the last one before a restart
};

[[noreturn]] void be_daemon(Instance& instance, const Supervised& what, FileDescriptor report) {
    ::setsid();
    ::umask(077);
    FileDescriptor nothing(::open("/dev/null", O_RDWR | O_CLOEXEC));
    for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) ::dup2(nothing.number(), stream);
    Supervisor supervisor(instance, what);
    auto begun = supervisor.begin();
    if (!begun) {
        (void)write_all(report.number(), std::as_bytes(std::span(begun.error().message)));
        instance.remove();
        ::_exit(1);
    }
    (void)write_all(report.number(), std::as_bytes(std::span("\0", 1)));
    report.close();
    supervisor.serve();
    ::_exit(0);
}

}  // namespace

Outcome<void> start_supervisor(Instance& instance, const Supervised& what) {
    auto report = TRY(make_pipe());
    std::fflush(nullptr);
    pid_t child = ::fork();
    if (child < 0) return failure(ExitStatus::failed, "cannot fork: {}", error_text());
    if (child == 0) {
        report.from.close();
        be_daemon(instance, what, std::move(report.to));
    }
    report.to.close();
    instance.hand_over_lock().close();  // the supervisor has it as well
    std::string words;
    char buffer[512];
    // To the mark that all is well, and not to the end: the machine's process has the pipe as well.
    for (ssize_t size; !words.ends_with('\0') && (size = ::read(report.from.number(), buffer, sizeof buffer)) != 0;) {
        if (size < 0 && errno == EINTR) continue;
        if (size < 0) break;
        words.append(buffer, static_cast<std::size_t>(size));
    }
    if (words == std::string(1, '\0')) return {};
    return failure(ExitStatus::failed, "the machine's supervisor did not start{}{}", words.empty() ? "" : ": ", words);
}

}  // namespace spore::host
