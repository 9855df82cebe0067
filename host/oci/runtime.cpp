#include "host/oci/runtime.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <nlohmann/json.hpp>

#include "host/common/signals.hpp"
#include "host/oci/execute.hpp"
#include "host/oci/machine.hpp"

namespace spore::host::oci {

namespace {

constexpr const char* newest_version = "1.1.0";

struct Options {
    std::string root, log, log_format, ignored_text, id, signal = "TERM", format = "table";
    CreateOptions create;
    ExecOptions execute;
    bool ignored_flag = false, force = false, version = false;
};

void print(const std::string& text) { std::fwrite(text.data(), 1, text.size(), stdout); }

/// What `runc features` prints, as far as it is true here [OCI runtime specification 1.1, features.md].
std::string features() {
    nlohmann::json features{{"ociVersionMin", "1.0.0"}, {"ociVersionMax", newest_version}, {"hooks", {"prestart", "createRuntime", "createContainer", "poststart", "poststop"}},
                            {"mountOptions", {"bind", "rbind", "ro", "rw", "rro"}}};
    return features.dump(2) + "\n";
}

using Action = std::function<Outcome<int>()>;

class Runtime {
public:
    Runtime() : app_("Runs the containers of Podman, containerd or Docker as machines of Spore's", std::string(runtime_name)) {
        app_.require_subcommand(0, 1);
        app_.footer("For instance: podman --runtime PATH/spore-oci run IMAGE. Each container is a machine of its own.");
        app_.add_option("--root", options_.root, "Where containers are noted (/run, for others than root $XDG_RUNTIME_DIR)")->type_name("DIR");
        app_.add_option("--log", options_.log, "Failures are written there, too")->type_name("FILE");
        app_.add_option("--log-format", options_.log_format, "text or json (text)")->type_name("FORMAT");
        for (const char* flag : {"--debug", "--systemd-cgroup"}) app_.add_flag(flag, options_.ignored_flag, "Accepted for the habit");
        for (const char* option : {"--rootless", "--criu"}) app_.add_option(option, options_.ignored_text, "Accepted for the habit");
        app_.add_flag("-v,--version", options_.version, "Print the version");
        add_verbs();
    }

    Outcome<int> act(int count, const char* const* arguments) {
        try {
            app_.parse(count, arguments);
        } catch (const CLI::CallForHelp&) {
            print((app_.get_subcommands().empty() ? app_ : *app_.get_subcommands()[0]).help());
            return 0;
        } catch (const CLI::ParseError& error) {
            return logged(failure(ExitStatus::failed, "{}; see '{} --help'", error.what(), runtime_name));
        }
        choose_folder();
        if (options_.version) return print(fmt::format("{} version {}\nspec: {}\n", runtime_name, SPORE_VERSION, newest_version)), 0;
        if (!action_) return print(app_.help()), 0;
        return logged(action_());
    }

    const CLI::App& declared() const { return app_; }

private:
    CLI::App* add(const char* name, const char* help, Action action) {
        auto* verb = app_.add_subcommand(name, help);
        verb->callback([this, action = std::move(action)] { action_ = action; });
        return verb;
    }
    CLI::App* add_for_container(const char* name, const char* help, std::function<Outcome<int>(const Container&)> action) {
        auto* verb = add(name, help, [this, action = std::move(action)]() -> Outcome<int> { return action(TRY(Container::open(options_.id))); });
        verb->add_option("ID", options_.id, "The container")->required();
        return verb;
    }
    void add_create_options(CLI::App* verb) {
        verb->add_option("ID", options_.id, "What to call the container")->required();
        verb->add_option("-b,--bundle", options_.create.bundle, "The folder with config.json (.)")->type_name("DIR");
        verb->add_option("--console-socket", options_.create.console_socket, "Where the terminal's other side is sent")->type_name("PATH");
        verb->add_option("--pid-file", options_.create.pid_file, "Gets the number of the container's process")->type_name("FILE");
        for (const char* flag : {"--no-pivot", "--no-new-keyring"}) verb->add_flag(flag, options_.ignored_flag, "Accepted for the habit");
        verb->add_option("--preserve-fds", options_.ignored_text, "Accepted for the habit")->type_name("N");
    }

    void add_verbs() {
        add_create_options(add("create", "Make a container", [this]() -> Outcome<int> {
            TRY(create_container(options_.id, options_.create));
            return 0;
        }));
        add_create_options(add("run", "Make a container, start it, wait for it, and delete it", [this] { return run_to_end(); }));
        add_for_container("start", "Start the program of a container that was made", [](const Container& container) -> Outcome<int> {
            TRY(start_container(container));
            return 0;
        });
        add_for_container("state", "Print what state a container is in, as JSON", [](const Container& container) -> Outcome<int> {
            print(container.state_json(container.status()));
            return 0;
        });
        auto* kill = add_for_container("kill", "Send a signal to a container's program; KILL ends the machine", [this](const Container& container) -> Outcome<int> {
            auto signal = parse_signal(options_.signal);
            if (!signal) return failure(ExitStatus::failed, "there is no signal '{}': give a name such as TERM, or a number", options_.signal);
            TRY(signal_container(container, *signal));
            return 0;
        });
        kill->add_option("SIGNAL", options_.signal, "Name or number (TERM)");
        kill->add_flag("-a,--all", options_.ignored_flag, "Accepted for the habit");
        add("delete", "Forget a container", [this]() -> Outcome<int> {
            auto container = Container::open(options_.id);
            if (container) {
                TRY(delete_container(*container, options_.force ? Force::yes : Force::no));
                return 0;
            }
            if (!options_.force) return std::unexpected(container.error());
            // As runc, so that who cleans up can do it twice. What was killed while it was made goes, too.
            if (auto rest = Instance::open(options_.id); rest && rest->life() != Life::running) rest->remove();
            return 0;
        })->add_option("ID", options_.id, "The container")->required();
        app_.get_subcommand("delete")->add_flag("-f,--force", options_.force, "One that runs, too");
        auto* exec = add_for_container("exec", "Run a further program in a container", [this](const Container& container) { return execute_in_container(container, options_.execute); });
        exec->add_option("-p,--process", options_.execute.process, "What to run [config.md, Process]")->type_name("FILE")->required();
        exec->add_option("--console-socket", options_.execute.console_socket, "Where the terminal's other side is sent")->type_name("PATH");
        exec->add_option("--pid-file", options_.execute.pid_file, "Gets the number of a process that stands for the program")->type_name("FILE");
        exec->add_flag("-d,--detach", options_.execute.detach, "Do not wait for it");
        for (const char* flag : {"-t,--tty", "--no-new-privs"}) exec->add_flag(flag, options_.ignored_flag, "Accepted for the habit: the file says it");
        exec->add_option("--preserve-fds", options_.ignored_text, "Accepted for the habit")->type_name("N");
        auto* ps = add_for_container("ps", "Print the number of a container's process on this machine", [this](const Container& container) -> Outcome<int> {
            auto process = container.process();
            bool json = options_.format == "json";
            print(json ? nlohmann::json(process ? std::vector{process} : std::vector<pid_t>{}).dump() + "\n" : fmt::format("PID\n{}\n", process));
            return 0;
        });
        ps->add_option("-f,--format", options_.format, "table or json (table)");
        ps->allow_extras();
        add("features", "Print what of the specification it does, as JSON", []() -> Outcome<int> {
            print(features());
            return 0;
        });
        add_for_container("pause", "Have a container's machine stand still", [](const Container& container) -> Outcome<int> {
            TRY(pause_container(container));
            return 0;
        });
        add_for_container("resume", "Have it go on", [](const Container& container) -> Outcome<int> {
            TRY(resume_container(container));
            return 0;
        });
        for (const char* name : {"update", "checkpoint", "restore", "events"})
            add_for_container(name, "Not possible with machines", [name](const Container&) -> Outcome<int> {
                return failure(ExitStatus::failed, "{} is not possible: 'spore snapshot' saves a machine, 'spore top' shows what runs in it, and its size is set when it starts", name);
            })->allow_extras();
    }

    Outcome<int> run_to_end() {
        auto container = TRY(create_container(options_.id, options_.create));
        auto process = container.process();
        TRY(start_container(container));
        int status = 0;
        while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {}
        TRY(delete_container(container, Force::yes));
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

    /// Engines tell a root's runtime from others' by --root, or by the user. Their services have neither $HOME nor $XDG_RUNTIME_DIR.
    void choose_folder() const {
        const char* runtime = std::getenv("XDG_RUNTIME_DIR");
        if (!options_.root.empty()) ::setenv("XDG_RUNTIME_DIR", fs::absolute(options_.root).c_str(), 1);
        else if (!runtime || !*runtime || is_roots()) ::setenv("XDG_RUNTIME_DIR", "/run", 1);
        std::error_code error;
        if (!options_.root.empty()) fs::create_directories(options_.root, error);
    }
    /// Root, and not only in a user namespace of its own [user_namespaces(7)].
    static bool is_roots() {
        auto map = read_file("/proc/self/uid_map", most_settings);
        return ::geteuid() == 0 && map && map->find("4294967295") != std::string::npos;
    }

    /// Engines read failures from the log that they name, and tell by these words that there is no such program.
    Outcome<int> logged(Outcome<int> outcome) const {
        if (!outcome && outcome.error().status == ExitStatus::not_found) outcome.error().message += ": no such file or directory";
        if (outcome || options_.log.empty()) return outcome;
        std::string line = outcome.error().message;
        if (options_.log_format == "json") {
            char time[32];
            std::time_t now = std::time(nullptr);
            std::tm parts{};
            std::strftime(time, sizeof time, "%Y-%m-%dT%H:%M:%SZ", ::gmtime_r(&now, &parts));
            line = nlohmann::json{{"level", "error"}, {"msg", line}, {"time", time}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
        }
        if (auto* file = std::fopen(options_.log.c_str(), "ae")) std::fprintf(file, "%s\n", line.c_str()), std::fclose(file);
        return outcome;
    }

    CLI::App app_;
    Options options_;
    Action action_;
};

}  // namespace

void show_runtime(const std::function<void(const CLI::App&)>& show) { show(Runtime().declared()); }

Outcome<int> runtime(int count, const char* const* arguments) {
    // What engines keep open for themselves is not the machine's, which may run for long.
    constexpr unsigned first_beyond_streams = 3;
    (void)::close_range(first_beyond_streams, ~0u, 0);
    return Runtime().act(count, arguments);
}

}  // namespace spore::host::oci
