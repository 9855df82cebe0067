#include "host/cli/verbs.hpp"

#include <unistd.h>

#include "host/check/check.hpp"
#include "host/debug/gdb.hpp"
#include "host/instances/commands.hpp"
#include "host/instances/supervisor.hpp"
#include "host/strace/strace.hpp"

namespace spore::host {

namespace {

void print_line(const std::string& text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
    std::fputc('\n', stdout);
    std::fflush(stdout);
}

class Ps final : public Verb {
public:
    explicit Ps(CLI::App& parent) {
        app = parent.add_subcommand("ps", "List background machines");
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
    Outcome<int> act(const MakeRequest&, std::vector<std::string>) override {
        int status = 0;
        for (const auto& name : names_) status = TRY(act_on(name));
        return status;
    }

protected:
    void add_names() { app->add_option("NAME", names_, "The machine")->required(); }
    virtual Outcome<int> act_on(const std::string& name) = 0;
    std::vector<std::string> names_;
};

class Logs final : public Named {
public:
    explicit Logs(CLI::App& parent) {
        app = parent.add_subcommand("logs", "Print what a background program printed");
        app->add_flag("-f,--follow", follow_, "Go on until the program ends");
        app->add_flag("-t,--timestamps", stamps_, "The time before each line");
        add_names();
    }
    Outcome<int> act_on(const std::string& name) override { return show_log(name, follow_ ? Follow::yes : Follow::no, stamps_ ? Stamps::yes : Stamps::no); }

private:
    bool follow_ = false, stamps_ = false;
};

class Stop final : public Named {
public:
    explicit Stop(CLI::App& parent) {
        app = parent.add_subcommand("stop", "End background programs: SIGTERM, and after a while the end of the machine");
        app->add_option("-t,--time", seconds_, "How long the program has (10)")->type_name("SECONDS");
        add_names();
    }
    Outcome<int> act_on(const std::string& name) override {
        TRY(stop_instance(name, seconds_));
        print_line(name);
        return 0;
    }

private:
    unsigned seconds_ = 10;
};

class Kill final : public Named {
public:
    explicit Kill(CLI::App& parent) {
        app = parent.add_subcommand("kill", "Send a signal to background programs");
        app->add_option("-s,--signal", signal_, "Name or number (KILL: ends the machine)")->type_name("SIGNAL");
        add_names();
    }
    Outcome<int> act_on(const std::string& name) override { return signal_instance(name, signal_); }

private:
    std::string signal_ = "KILL";
};

class Wait final : public Named {
public:
    explicit Wait(CLI::App& parent) {
        app = parent.add_subcommand("wait", "Wait until a background program ends; exits with its status");
        add_names();
    }
    Outcome<int> act_on(const std::string& name) override { return wait_for_instance(name); }
};

class Remove final : public Named {
public:
    explicit Remove(CLI::App& parent) {
        app = parent.add_subcommand("rm", "Remove ended background machines");
        app->add_flag("-f,--force", force_, "Running ones too");
        add_names();
    }
    Outcome<int> act_on(const std::string& name) override {
        TRY(remove_instance(name, force_ ? Force::yes : Force::no));
        print_line(name);
        return 0;
    }

private:
    bool force_ = false;
};

class StraceVerb final : public Verb {
public:
    explicit StraceVerb(CLI::App& parent) {
        app = parent.add_subcommand("strace", "Run a program and show its system calls");
        app->add_option("-o,--output", options_.file, "Write them to a file instead of standard error")->type_name("FILE");
        app->add_option("--trace", expression_, "Only these calls or sets, such as openat,%network; !read means all but read")->type_name("CALLS");
        app->add_flag("-c,--summary", options_.summary, "Count them and print a table at the end");
        app->add_flag("--stamp", absolute_, "The time of day before each line");
        app->add_flag("-r,--relative", relative_, "The time since the line before");
        app->add_flag("-f,--follow-forks", follow_, "Accepted for the habit: all processes are shown");
        app->footer("Examples:\n  spore strace /bin/ls /\n  spore strace --trace %file -o calls.txt ./app\n  spore strace -c ./app");
    }
    bool runs_program() const override { return true; }
    Outcome<int> act(const MakeRequest& request, std::vector<std::string> words) override {
        if (!expression_.empty()) TRY(parse_trace_expression(expression_, options_));
        auto wanted = TRY(request(words));
        // strace's own way to say it, which here looks like a variable of the environment.
        for (const auto& entry : wanted.environment)
            if (entry.starts_with("trace=")) TRY(parse_trace_expression(entry, options_));
        std::erase_if(wanted.environment, [](const std::string& entry) { return entry.starts_with("trace="); });
        options_.stamp = relative_ ? Stamp::relative : absolute_ ? Stamp::time : Stamp::none;
        auto plan = TRY(make_plan(wanted));
        plan.strace = true;
        auto strace = TRY(Strace::create(options_));
        auto status = run(plan, TRY(prepare(plan)), [&](std::string_view line) { strace.add(line); });
        strace.finish();
        return status;
    }

private:
    StraceOptions options_;
    std::string expression_;
    bool absolute_ = false, relative_ = false, follow_ = false;
};

class CheckVerb final : public Verb {
public:
    explicit CheckVerb(CLI::App& parent) {
        app = parent.add_subcommand("check", "Tell which system calls a program can make, and which of them are supported");
        app->add_flag("--trace", trace_, "Run it as well, and mark the calls that it makes");
        app->add_flag("--json", json_, "As JSON");
        app->footer("The exit status is 1 when something that the program surely needs is missing.\n\nExamples:\n  spore check /usr/bin/sqlite3\n  spore check --trace /bin/ls /");
    }
    bool runs_program() const override { return true; }
    Outcome<int> act(const MakeRequest& request, std::vector<std::string> words) override {
        auto plan = TRY(make_plan(TRY(request(words))));
        TracedRun trace;
        if (trace_) {
            trace = [plan](const std::function<void(std::string_view)>& keep) mutable -> Outcome<int> {
                plan.strace = true;
                std::fflush(stdout);
                FileDescriptor output(::dup(STDOUT_FILENO));
                ::dup2(STDERR_FILENO, STDOUT_FILENO);  // the table alone goes to standard output
                auto status = run(plan, TRY(prepare(plan)), [&](std::string_view line) {
                    if (auto call = parse_strace_line(line)) keep(call->name);
                });
                ::dup2(output.number(), STDOUT_FILENO);
                return status;
            };
        }
        return check(plan, json_ ? CheckFormat::json : CheckFormat::table, trace);
    }

private:
    bool trace_ = false, json_ = false;
};

class GdbVerb final : public Verb {
public:
    explicit GdbVerb(CLI::App& parent) {
        app = parent.add_subcommand("gdb", "Run a program under gdb, or attach gdb to a machine that was started with --debug");
        app->add_option("--attach", attach_, "A background machine")->type_name("NAME");
        app->add_option("--ex", options_.commands, "What gdb is to do first; may be given several times")->type_name("COMMAND")->allow_extra_args(false);
        app->add_flag("--batch", options_.batch, "End after that");
        app->footer("gdb's own commands here: spore-libraries loads the symbols of shared libraries, spore-threads lists threads.\n\n"
                    "Examples:\n  spore gdb ./app\n  spore gdb --batch --ex 'break main' --ex continue --ex backtrace ./app");
    }
    bool runs_program() const override { return true; }
    Outcome<int> act(const MakeRequest& request, std::vector<std::string> words) override {
        if (attach_.empty()) return debug(TRY(make_plan(TRY(request(words)))), options_);
        auto instance = TRY(Instance::open(attach_));
        if (instance.life() != Life::running) return failure(ExitStatus::failed, "the machine {} does not run", attach_);
        return attach_gdb(instance.folder(), options_);
    }

private:
    GdbOptions options_;
    std::string attach_;
};

}  // namespace

std::vector<std::unique_ptr<Verb>> add_verbs(CLI::App& app) {
    std::vector<std::unique_ptr<Verb>> verbs;
    auto add = [&]<typename T>() { verbs.push_back(std::make_unique<T>(app)); };
    add.operator()<Ps>(), add.operator()<Logs>(), add.operator()<Stop>(), add.operator()<Kill>(), add.operator()<Wait>(), add.operator()<Remove>();
    add.operator()<CheckVerb>(), add.operator()<StraceVerb>(), add.operator()<GdbVerb>();
    return verbs;
}

Outcome<int> run_detached(const Request& request, const DetachOptions& options) {
    auto plan = TRY(make_plan(request));
    plan.detached = true;
    auto instance = TRY(Instance::create(options.name.empty() ? make_instance_name(plan.program) : options.name));
    // Everything that can go wrong with the program is said here, and not only in the log.
    auto started = [&]() -> Outcome<void> {
        if (request.debug) add_debugger(plan, instance.folder());
        auto prepared = TRY(prepare(plan));
        if (request.debug) TRY(describe_for_gdb(plan, prepared, instance.folder()));
        Supervised what{.command = plan.arguments, .after_end = options.remove ? AfterEnd::remove : AfterEnd::keep, .debugger = plan.debugger, .run = [&] {
            auto status = run(plan, std::move(prepared));
            if (!status) std::fprintf(stderr, "spore: %s\n", status.error().message.c_str());
            return status ? *status : static_cast<int>(status.error().status);
        }};
        return start_supervisor(instance, what);
    }();
    if (!started) {
        instance.remove();
        return std::unexpected(started.error());
    }
    print_line(instance.name());
    return 0;
}

}  // namespace spore::host
