// Verbs on background machines, and how one is started.
#include <unistd.h>

#include "host/cli/environment.hpp"
#include "host/cli/verbs.hpp"
#include "host/common/process.hpp"
#include "host/debug/gdb.hpp"
#include "host/instances/commands.hpp"
#include "host/instances/copy.hpp"
#include "host/instances/execute.hpp"
#include "host/instances/guest_doors.hpp"
#include "host/instances/logs.hpp"
#include "host/instances/supervisor.hpp"
#include "host/instances/top.hpp"
#include "host/network/command.hpp"
#include "host/plan/user.hpp"
#include "host/snapshot/snapshot.hpp"

namespace spore::host {

namespace {

/// Starts what `prepare` makes ready, and prints its name. Everything that can go wrong before the program runs is said here, and not only in the log.
Outcome<int> start_in_background(Plan plan, const std::function<Outcome<Prepared>(Plan&, const Instance&)>& prepare, const DetachOptions& options);

void print_line(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
}

class Ps final : public Verb {
public:
    static constexpr const char* verb = "ps";
    explicit Ps(CLI::App& parent) : Verb(parent, verb, "List background machines", "spore ps\nspore ps -a --json") {
        app->add_flag("-a,--all", all_, "Ended ones too");
        app->add_flag("--json", json_, "As JSON");
    }
    Outcome<int> act(const MakeRequest&, std::vector<std::string>) override {
        return list_instances(all_ ? Listing::all : Listing::running, json_ ? Format::json : Format::table);
    }

private:
    bool all_ = false, json_ = false;
};

/// A verb on one or more instances by name.
class Named : public Verb {
public:
    Named(CLI::App& parent, const char* name, const char* help, const char* examples) : Verb(parent, name, help, examples) {
        app->add_option("NAME", names_, "The machine")->required();
    }
    /// One that fails does not keep the others from being done. Every failure is told, and the last one's status is the whole's.
    Outcome<int> act(const MakeRequest&, std::vector<std::string>) override {
        Outcome<int> whole = 0;
        for (const auto& name : names_) {
            auto outcome = act_on(name);
            if (whole || !outcome) {
                if (!whole) tell(whole.error());
                whole = std::move(outcome);
            }
        }
        return whole;
    }

protected:
    virtual Outcome<int> act_on(const std::string& name) = 0;

private:
    std::vector<std::string> names_;
};

class Logs final : public Verb {
public:
    static constexpr const char* verb = "logs";
    explicit Logs(CLI::App& parent)
        : Verb(parent, verb, "Print what background programs printed; of several, each line behind its machine's name", "spore logs server\nspore logs -n 20 -f -t server\nspore logs -f shop-db shop-web") {
        app->add_option("NAME", names_, "The machine")->required();
        app->add_flag("-f,--follow", follow_, "Go on until the program ends");
        app->add_flag("-t,--timestamps", stamps_, "The time before each line");
        app->add_option("-n,--tail", last_, "Of what is there already, the last so many lines (all)")->type_name("LINES");
    }
    Outcome<int> act(const MakeRequest&, std::vector<std::string>) override {
        return show_logs(names_, {.follow = follow_ ? Follow::yes : Follow::no, .stamps = stamps_ ? Stamps::yes : Stamps::no, .last = last_});
    }

private:
    std::vector<std::string> names_;
    std::optional<u64> last_;
    bool follow_ = false, stamps_ = false;
};

class Net final : public Named {
public:
    static constexpr const char* verb = "net";
    explicit Net(CLI::App& parent)
        : Named(parent, verb, "Show addresses, routes, sockets and dropped packets of background machines", "spore net server\nspore net -a server\nspore net --json server") {
        app->add_flag("-a,--all", all_, "Every connection, not only how many there are");
        app->add_flag("--json", json_, "As JSON, with every connection");
    }

private:
    Outcome<int> act_on(const std::string& name) override { return show_network(name, json_ ? NetworkFormat::json : all_ ? NetworkFormat::all : NetworkFormat::summary); }
    bool all_ = false, json_ = false;
};

class Top final : public Named {
public:
    static constexpr const char* verb = "top";
    explicit Top(CLI::App& parent) : Named(parent, verb, "Show the processes of background machines", "spore top server\nspore top --json server") {
        app->add_flag("--json", json_, "As JSON");
    }

private:
    Outcome<int> act_on(const std::string& name) override { return show_processes(name, json_ ? Format::json : Format::table); }
    bool json_ = false;
};

class Exec final : public Verb {
public:
    static constexpr const char* verb = "exec";
    explicit Exec(CLI::App& parent)
        : Verb(parent, verb, "Run a further program in a background machine; exits with its status", "spore exec -t server /bin/sh\nspore exec server ps aux\nspore exec -u 1000 -e KEY=value server ./tool --now < input",
               "The program is one of the machine's own files: a path there, or a name as its $PATH finds it. Environment, user and folder are the first program's where\n"
               "nothing else is said. It ends with the machine, at the latest.") {
        app->prefix_command();
        app->add_option("NAME", name_, "The machine")->required();
        environment_.add_to(*app);
        app->add_flag("-i,--interactive", interactive_, "Accepted for the habit: standard input is always connected");
        app->add_flag("-t,--tty", terminal_, "Give the program this terminal, in raw mode");
        app->add_option("-u,--user", user_, "Run as this user: names of the guest's, or numbers")->type_name("USER[:GROUP]");
        app->add_option("-w,--workdir", folder_, "Working directory in the guest")->type_name("DIR");
    }
    Outcome<int> act(const MakeRequest&, std::vector<std::string> words) override {
        if (!words.empty() && words[0] == "--") words.erase(words.begin());
        else if (!words.empty() && words[0].starts_with('-')) return usage(fmt::format("there is no option {}", words[0]));
        if (words.empty() || words[0].empty()) return usage(fmt::format("which program is to run in {}?", name_));
        ExecuteRequest request{.arguments = std::move(words), .environment = {}, .folder = folder_, .user = {}, .terminal = terminal_};
        if (terminal_ && !::isatty(STDIN_FILENO)) return usage("-t gives the program this terminal, but standard input is none: leave -t away");
        if (terminal_) request.environment.push_back(terminal_type());
        auto more = TRY(environment_.read());
        request.environment.insert(request.environment.end(), more.begin(), more.end());
        request.environment = join_environment(request.environment);
        if (!user_.empty()) request.user = TRY(find_user());
        return execute_in(name_, request);
    }

private:
    static std::unexpected<Failure> usage(const std::string& message) { return failure(ExitStatus::failed, "{}; see 'spore exec --help'", message); }
    /// By the machine's own files, where it is a name.
    Outcome<User> find_user() const {
        auto choice = TRY(parse_user(user_));
        if (auto* numbers = std::get_if<User>(&choice)) return *numbers;
        auto text_of = [this](const char* path) { return run_to_end({"/proc/self/exe", "cp", fmt::format("{}:{}", name_, path), "-"}).output; };
        return TRY(host::find_user(choice, text_of("/etc/passwd"), text_of("/etc/group"))).user;
    }

    EnvironmentOptions environment_;
    std::string name_, user_, folder_;
    bool interactive_ = false, terminal_ = false;
};

class Cp final : public Verb {
public:
    static constexpr const char* verb = "cp";
    explicit Cp(CLI::App& parent)
        : Verb(parent, verb, "Copy files and folders into a background machine, or out of it", "spore cp server:/var/log/server.log .\nspore cp settings.json server:/etc/\nspore cp server:/tmp/report - | less",
               "The machine needs no program for it. Into a folder that is there already, it goes by its own name; otherwise it gets the name that is given. What is there is\n"
               "overwritten. Files keep their permissions and times; in the machine they are root's, here yours. A file's contents go to standard output for -.") {
        app->add_option("FROM", from_, "A path, or NAME:/PATH in a machine")->required();
        app->add_option("TO", to_, "The same")->required();
    }
    Outcome<int> act(const MakeRequest&, std::vector<std::string>) override { return copy_between(parse_copy_place(from_), parse_copy_place(to_)); }

private:
    std::string from_, to_;
};

class SnapshotVerb final : public Verb {
public:
    static constexpr const char* verb = "snapshot";
    explicit SnapshotVerb(CLI::App& parent)
        : Verb(parent, verb, "Save a background machine with all that its program has done so far; it goes on",
               "spore run -d --name warm -p 8080:80 ./server\nspore snapshot warm ./server.saved\nspore restore -d -p 8081:80 ./server.saved",
               "The folder holds the machine's memory: keep it as safe as what the program keeps secret. Machines with shared folders (-v …:shared) or disks of\n"
               "their own (-v …:disk) cannot be saved.") {
        app->add_option("NAME", name_, "The machine")->required();
        app->add_option("FOLDER", folder_, "Where to save it: a new folder")->required();
    }
    Outcome<int> act(const MakeRequest&, std::vector<std::string>) override {
        TRY(save_instance(name_, folder_));
        print_line(folder_);
        return 0;
    }

private:
    std::string name_, folder_;
};

class Restore final : public Verb {
public:
    static constexpr const char* verb = "restore";
    explicit Restore(CLI::App& parent)
        : Verb(parent, verb, "Start a machine that goes on where a saved one was; exits with its program's status",
               "spore restore ./server.saved\nspore restore -d --name second -p 8082:80 ./server.saved",
               "As often as wanted, also at a time. Each machine has random numbers of its own and today's time; connections that the saved one had to others are\n"
               "dead. The same QEMU as for saving it is needed.") {
        app->add_option("FOLDER", folder_, "What 'spore snapshot' made")->required();
        app->add_flag("-d,--detach", detach_.detach, "In the background; prints its name");
        app->add_option("--name", detach_.name, "Its name in the background")->type_name("NAME");
        app->add_flag("--rm", detach_.remove, "Forget it when it has ended");
        app->add_option("-p,--publish", ports_, "Ports of this machine that lead to the guest, in place of those that the saved one had")->type_name("[IP:]HOST:GUEST[/udp]")->take_all();
        app->add_option("--network", network_, "How it is attached, in place of how the saved one was")->type_name("user|tap=NAME|bridge=NAME");
        app->add_option("--timeout", timeout_, "End the machine after so long")->type_name("SECONDS");
    }
    Outcome<int> act(const MakeRequest&, std::vector<std::string>) override {
        NetworkRequest network;
        if (!network_.empty()) network.choice = TRY(parse_network(network_));
        for (const auto& text : ports_)
            for (const auto& port : TRY(parse_ports(text))) network.ports.push_back(port);
        if (!detach_.detach && (detach_.remove || !detach_.name.empty())) return failure(ExitStatus::failed, "--name and --rm are for machines in the background: add -d");
        auto restored = TRY(open_saved(folder_, network));
        if (!timeout_.empty()) {
            restored.plan.timeout = parse_seconds(timeout_);
            if (!restored.plan.timeout) return failure(ExitStatus::failed, "--timeout {}: give seconds, such as 30 or 1.5", timeout_);
        }
        if (detach_.detach) return start_in_background(std::move(restored.plan), [&](Plan&, const Instance&) -> Outcome<Prepared> { return std::move(restored.prepared); }, detach_);
        return run(restored.plan, std::move(restored.prepared));
    }

private:
    std::string folder_, network_, timeout_;
    std::vector<std::string> ports_;
    DetachOptions detach_;
};

class Stop final : public Named {
public:
    static constexpr const char* verb = "stop";
    explicit Stop(CLI::App& parent)
        : Named(parent, verb, "End background programs: SIGTERM (--stop-signal of run), and after a while the end of the machine", "spore stop server\nspore stop -t 30 server worker") {
        app->add_option("-t,--time", seconds_, "How long the program has (10)")->type_name("SECONDS");
    }

private:
    Outcome<int> act_on(const std::string& name) override {
        TRY(stop_instance(name, seconds_));
        print_line(name);
        return 0;
    }
    unsigned seconds_ = 10;
};

class Kill final : public Named {
public:
    static constexpr const char* verb = "kill";
    explicit Kill(CLI::App& parent) : Named(parent, verb, "Send a signal to background programs", "spore kill server\nspore kill -s HUP server") {
        app->add_option("-s,--signal", signal_, "Name or number (KILL: ends the machine)")->type_name("SIGNAL");
    }

private:
    Outcome<int> act_on(const std::string& name) override { return signal_instance(name, signal_); }
    std::string signal_ = "KILL";
};

class Wait final : public Named {
public:
    static constexpr const char* verb = "wait";
    explicit Wait(CLI::App& parent) : Named(parent, verb, "Wait until a background program ends; exits with its status", "spore wait server; echo $?") {}

private:
    Outcome<int> act_on(const std::string& name) override { return wait_for_instance(name); }
};

class Remove final : public Named {
public:
    static constexpr const char* verb = "rm";
    explicit Remove(CLI::App& parent) : Named(parent, verb, "Remove ended background machines", "spore rm server\nspore rm -f server") {
        app->add_flag("-f,--force", force_, "Running ones too");
    }

private:
    Outcome<int> act_on(const std::string& name) override {
        TRY(remove_instance(name, force_ ? Force::yes : Force::no));
        print_line(name);
        return 0;
    }
    bool force_ = false;
};

Outcome<int> start_in_background(Plan plan, const std::function<Outcome<Prepared>(Plan&, const Instance&)>& prepare, const DetachOptions& options) {
    plan.detached = true;
    const auto first_plan = plan;
    auto instance = TRY(Instance::create(options.name.empty() ? make_instance_name(plan.program) : options.name, plan.arguments));
    auto started = [&]() -> Outcome<void> {
        auto prepared = std::optional(TRY(prepare(plan, instance)));
        auto doors = TRY(GuestDoors::open(instance));
        auto run_prepared = [&]() -> Outcome<int> { return run(plan, std::move(*prepared), doors.hooks()); };
        auto run_anew = [&]() -> Outcome<int> {
            plan = first_plan;
            prepared = TRY(prepare(plan, instance));
            return run_prepared();
        };
        auto status_of = [](const Outcome<int>& status) {
            if (!status) tell(status.error());
            return status ? *status : static_cast<int>(status.error().status);
        };
        return start_supervisor(instance, {.command = plan.arguments, .after_end = options.remove ? AfterEnd::remove : AfterEnd::keep, .debugger = plan.debugger, .origin = options.origin,
                                           .run = [&] { return status_of(run_prepared()); }, .restart = options.restart, .run_again = [&] { return status_of(run_anew()); },
                                           .handed_over = [&] { prepared.reset(); }});
    }();
    if (!started) {
        instance.remove();
        return std::unexpected(started.error());
    }
    print_line(instance.name());
    return 0;
}

}  // namespace

void add_instance_verbs(CLI::App& app, Verbs& verbs, Choice choice) { add_verbs<Ps, Logs, Exec, Cp, Top, Net, SnapshotVerb, Restore, Stop, Kill, Wait, Remove>(app, verbs, choice); }

Outcome<int> run_detached(const Request& wanted, const DetachOptions& given) {
    auto request = wanted;
    auto options = given;
    options.restart = request.restart.value_or(Restart{});
    // By its name the others find it, unless it says another.
    if (request.network.has_neighbours() && !request.network.host_name && !options.name.empty()) request.network.host_name = TRY(parse_host_name(options.name));
    return start_in_background(TRY(make_plan(request)), [&](Plan& plan, const Instance& instance) -> Outcome<Prepared> {
        if (request.debug) add_debugger(plan, instance.folder());
        auto prepared = TRY(prepare(plan));
        if (request.debug) TRY(describe_for_gdb(plan, prepared, instance.folder()));
        return prepared;
    }, options);
}

}  // namespace spore::host
