#include "host/oci/machine.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <charconv>
#include <sstream>
#include <thread>

#include "host/common/pipe.hpp"
#include "host/instances/control.hpp"
#include "host/instances/guest_doors.hpp"
#include "host/oci/cgroup.hpp"
#include "host/oci/console.hpp"
#include "host/oci/hooks.hpp"
#include "host/oci/namespace_network.hpp"
#include "host/oci/request.hpp"
#include "host/run/run.hpp"
#include "host/run/session.hpp"

namespace spore::host::oci {

namespace {

/// Between the container's process and the one that makes it. Each tells the other how far it is; a failure comes with its status and message.
class Talk {
public:
    explicit Talk(FileDescriptor socket) : socket_(std::move(socket)) {}
    void say(char word) const { (void)::send(socket_.number(), &word, 1, MSG_NOSIGNAL); }
    void fail(const Failure& failure) const {
        auto text = fmt::format("{}{}{}", failed, static_cast<char>(failure.status), failure.message);
        (void)::send(socket_.number(), text.data(), text.size(), MSG_NOSIGNAL);
    }
    /// Waits for this word.
    Outcome<void> expect(char word) const {
        auto text = receive(1);
        if (text.size() == 1 && text[0] == word) return {};
        if (text.size() != 1 || text[0] != failed) return failure(ExitStatus::failed, "the container's process has ended");
        text = receive(most_message);
        if (text.empty()) return failure(ExitStatus::failed, "the container's process has ended");
        return failure(static_cast<ExitStatus>(text[0]), "{}", text.substr(1));
    }

private:
    static constexpr char failed = 'f';
    static constexpr std::size_t most_message = 4096;
    std::string receive(std::size_t most) const {
        std::string text(most, '\0');
        ssize_t size;
        while ((size = ::recv(socket_.number(), text.data(), most, most > 1 ? MSG_WAITALL : 0)) < 0 && errno == EINTR) {}
        text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        return text;
    }
    FileDescriptor socket_;
};
constexpr char entered = 'e', go_on = 'g', ready = 'r';

/// Until the program is let go these are the container's own, afterwards the program's.
enum class Signals : u8 { ours, the_programs };

/// Carries out a request at the control door, but the one that lets the program go.
void serve(const ControlRequest& request, Signals signals) {
    constexpr std::string_view signal = "signal ";
    int number = 0;
    auto text = std::string_view(request.text);
    bool sends = text.starts_with(signal) && std::from_chars(text.data() + signal.size(), text.data() + text.size(), number).ec == std::errc{} && number > 0 && number <= SIGRTMAX;
    if (text == "end" || (sends && number == SIGKILL)) {
        request.answer("ok");
        ::kill(::getpid(), SIGKILL);  // the machine goes along
    } else if (sends || text == "stop") {
        request.answer("ok");  // first: the signal may be this process's last
        if (signals == Signals::ours) ::kill(::getpid(), sends ? number : SIGTERM);
        else ::sigqueue(::getpid(), forwarding_signal(), {.sival_int = sends ? number : stop_request()});
    } else {
        request.answer(text == start_request ? "its program was started already" : "this version does not know that request");
    }
}

/// Until the program is let go; that is noted before who asked for it hears of it.
Outcome<void> wait_for_start(const Container& container, int listener) {
    struct pollfd wait{listener, POLLIN, 0};
    while (true) {
        if (::poll(&wait, 1, -1) <= 0) continue;
        auto request = accept_control(listener);
        if (!request) continue;
        if (request->text != start_request) {
            serve(*request, Signals::ours);
            continue;
        }
        auto noted = container.note_start();
        request->answer(noted ? "ok" : noted.error().message);
        return noted;
    }
}

/// On a thread of its own, which gets no signals: they are for the machine's.
void serve_while_running(int listener) {
    sigset_t all, before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    // What the thread passes on waits from now on until the session takes it.
    ::sigaddset(&before, forwarding_signal());
    std::thread([listener] {
        struct pollfd wait{listener, POLLIN, 0};
        while (true)
            if (::poll(&wait, 1, -1) > 0)
                if (auto request = accept_control(listener)) serve(*request, Signals::the_programs);
    }).detach();
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

/// A pod's namespaces are held until somebody has it end.
int hold_pod() {
    sigset_t signals;
    ::sigemptyset(&signals);
    for (int signal : {SIGTERM, SIGINT, forwarding_signal()}) ::sigaddset(&signals, signal);
    ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    while (true) {
        siginfo_t signal{};
        auto number = ::sigwaitinfo(&signals, &signal);
        if (number == forwarding_signal()) number = signal.si_value.sival_int;
        if (number == SIGTERM || number == SIGINT || number == stop_request()) return 0;
    }
}

struct Machine {
    Plan plan;
    Prepared prepared;
    GuestDoors doors;
};

Outcome<std::optional<Machine>> make_ready(const Container& container, const CreateOptions& options) {
    const auto& spec = container.spec();
    TRY(run_hooks(spec.hooks.create_container, container.state_json(Status::creating)));
    TRY(begin_session(options.console_socket, spec.process));
    if (spec.holds_pod()) return std::nullopt;
    NetworkRequest beside_this_machine{.choice = NetworkChoice{.kind = NetworkKind::user}};
    auto plan = TRY(make_plan(TRY(make_request(spec, spec.network == NetworkPlace::host ? beside_this_machine : TRY(attach_to_interface())))));
    plan.detached = true;
    auto prepared = TRY(prepare(plan));
    auto doors = TRY(GuestDoors::open(container.instance()));
    return Machine{std::move(plan), std::move(prepared), std::move(doors)};
}

/// In the container's process, up to where its program could run.
Outcome<std::optional<Machine>> prepare_in_namespace(const Container& container, const CreateOptions& options, const Talk& maker) {
    TRY(container.take_over());
    enter_cgroup(container.spec());
    TRY(enter_network(container.spec()));
    maker.say(entered);
    TRY(maker.expect(go_on));
    return make_ready(container, options);
}

[[noreturn]] void end_container(const Container& container, int status) {
    container.note_end(status);
    std::fflush(nullptr);
    ::_exit(status);
}

/// The container's process. What fails before it is ready, its maker tells; afterwards it does itself, where the program's output goes.
[[noreturn]] void be_container(const Container& container, const CreateOptions& options, FileDescriptor socket) {
    std::optional<Talk> maker(std::move(socket));
    auto machine = prepare_in_namespace(container, options, *maker);
    auto control = machine ? listen_at(container.instance(), Door::control) : std::unexpected(machine.error());
    if (!control) {
        maker->fail(control.error());
        end_container(container, static_cast<int>(control.error().status));
    }
    maker->say(ready);
    maker.reset();
    auto noted = wait_for_start(container, control->number());
    serve_while_running(control->number());
    if (noted && !*machine) end_container(container, hold_pod());
    auto outcome = noted ? run((*machine)->plan, std::move((*machine)->prepared), (*machine)->doors.hooks()) : Outcome<int>(std::unexpected(noted.error()));
    if (!outcome) tell(outcome.error());
    end_container(container, outcome ? *outcome : static_cast<int>(outcome.error().status));
}

/// The machine, and who serves it.
void signal_children(pid_t process, int signal) {
    std::istringstream children(read_file(fmt::format("/proc/{0}/task/{0}/children", process), most_settings).value_or(""));
    for (pid_t child; children >> child;) ::kill(child, signal);
}

/// What a terminal needs, and without one has no use for.
Outcome<void> check_console(const Container& container, const CreateOptions& options) {
    bool wanted = container.spec().process.terminal, given = !options.console_socket.empty();
    if (wanted && !given) return failure(ExitStatus::failed, "the container wants a terminal: give --console-socket");
    if (!wanted && given) return failure(ExitStatus::failed, "--console-socket is for a terminal, and the container wants none");
    return {};
}

/// With the container's process, up to where it waits to be let go.
Outcome<void> see_it_made(const Container& container, pid_t process, const Talk& made) {
    TRY(made.expect(entered));
    TRY(run_hooks(container.spec().hooks.create_runtime, container.state_json(Status::creating, process)));
    made.say(go_on);
    return made.expect(ready);
}

}  // namespace

Outcome<Container> create_container(const std::string& id, const CreateOptions& options) {
    auto container = TRY(Container::create(id, fs::absolute(options.bundle).lexically_normal()));
    auto talk = check_console(container, options).and_then([] { return make_socket_pair(); });
    if (!talk) {
        container.remove();
        return std::unexpected(talk.error());
    }
    auto [ours, theirs] = std::move(*talk);
    pid_t process = ::fork();
    if (process < 0) {
        container.remove();
        return failure(ExitStatus::failed, "cannot fork: {}", error_text());
    }
    if (process == 0) {
        ours.close();
        be_container(container, options, std::move(theirs));
    }
    theirs.close();
    container.let_lock_go();  // it is the other's now
    auto made = see_it_made(container, process, Talk(std::move(ours)));
    if (made && !options.pid_file.empty()) made = write_file(options.pid_file, fmt::to_string(process));
    if (!made) {
        ::kill(process, SIGKILL);
        while (::waitpid(process, nullptr, 0) < 0 && errno == EINTR) {}
        remove_cgroup(container.spec());
        container.remove();
        return std::unexpected(made.error());
    }
    return container;
}

Outcome<void> start_container(const Container& container) {
    if (container.status() != Status::created) return failure(ExitStatus::failed, "the container {} is {}, and only a created one can be started", container.id(), name_of(container.status()));
    TRY(ask_supervisor(container.instance(), start_request));
    // A warning at most: the program runs [runtime.md, Lifecycle, 9].
    if (auto done = run_hooks(container.spec().hooks.poststart, container.state_json(Status::running)); !done) tell(done.error());
    return {};
}

Outcome<void> pause_container(const Container& container) {
    if (container.status() != Status::running) return failure(ExitStatus::failed, "the container {} is {}, and only a running one can be paused", container.id(), name_of(container.status()));
    TRY(container.note_pause());
    signal_children(container.process(), SIGSTOP);
    return {};
}

Outcome<void> resume_container(const Container& container) {
    if (container.status() != Status::paused) return failure(ExitStatus::failed, "the container {} is {}, and only a paused one can be resumed", container.id(), name_of(container.status()));
    signal_children(container.process(), SIGCONT);
    container.note_resumption();
    return {};
}

Outcome<void> signal_container(const Container& container, int signal) {
    auto status = container.status();
    if (status == Status::creating || status == Status::stopped) return failure(ExitStatus::failed, "the container {} is {}: there is no process to send a signal to", container.id(), name_of(status));
    auto process = container.process();
    // Whatever its process does.
    if (signal == SIGKILL && process > 0 && ::kill(process, SIGKILL) == 0) return {};
    return ask_supervisor(container.instance(), fmt::format("signal {}", signal));
}

Outcome<void> delete_container(const Container& container, Force force) {
    auto status = container.status();
    if ((status == Status::running || status == Status::paused) && force == Force::no) return failure(ExitStatus::failed, "the container {} runs: stop it first, or delete it with --force", container.id());
    if (status != Status::stopped) {
        if (auto process = container.process(); process > 0) ::kill(process, SIGKILL);
        constexpr i64 patience_milliseconds = 10'000;
        if (!container.instance().wait_for_end(patience_milliseconds)) return failure(ExitStatus::failed, "the container {} does not end: kill process {}", container.id(), container.process());
    }
    if (auto done = run_hooks(container.spec().hooks.poststop, container.state_json(Status::stopped)); !done) tell(done.error());
    remove_cgroup(container.spec());
    container.remove();
    return {};
}

}  // namespace spore::host::oci
