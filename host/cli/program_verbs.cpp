// Verbs that run a program in order to look at it, or at what it needs: strace, check, tailor, gdb, flame, trace; and build.
#include <unistd.h>

#include "host/check/check.hpp"
#include "host/cli/verbs.hpp"
#include "host/debug/gdb.hpp"
#include "host/instances/instance.hpp"
#include "host/package/build.hpp"
#include "host/profile/flame.hpp"
#include "host/strace/strace.hpp"
#include "host/tailor/tailor.hpp"
#include "host/trace/points.hpp"
#include "host/trace/trace.hpp"

namespace spore::host {

namespace {

class BuildVerb final : public Verb {
public:
    static constexpr const char* verb = "build";
    explicit BuildVerb(CLI::App& parent)
        : Verb(parent, verb, "Make an image of a program that other hypervisors, clouds and bare machines boot",
               "spore build ./server\nspore build --target qcow2 -m 64M -o server.qcow2 ./server\nspore build --target gcp --tailor ./server",
               note()) {
        app->add_option("--target", target_, "What is to boot it (disk)")->type_name("NAME");
        app->add_option("-o,--output", output_, "The image (the program's name, in this folder)")->type_name("FILE");
    }
    bool runs_program() const override { return true; }
    Outcome<int> act(const MakeRequest& request, std::vector<std::string> words) override {
        auto* target = find_target(target_);
        if (!target) return failure(ExitStatus::failed, "--target {}: there is none of that name: see 'spore build --help'", target_);
        return build_image(TRY(request(words)), {*target, output_});
    }

private:
    static std::string note() {
        std::string text = "Targets:\n";
        for (const auto& target : targets()) text += fmt::format("  {:<14}{}\n", target.name, target.text);
        return text + "\nThe program's console is the first serial port; when it ends, the machine is switched off. The network's settings come from the network (DHCP,\n"
                      "router advertisements) unless --ip says them. What tells how this machine would run it, such as -p and --machine, does not count.";
    }
    std::string target_ = "disk", output_;
};

class StraceVerb final : public Verb {
public:
    static constexpr const char* verb = "strace";
    explicit StraceVerb(CLI::App& parent)
        : Verb(parent, verb, "Run a program and show its system calls",
               "spore strace /bin/ls /\nspore strace --trace %file -o calls.txt ./app\nspore strace -c ./app") {
        app->add_option("-o,--output", options_.file, "Write them to a file instead of standard error")->type_name("FILE");
        app->add_option("--trace", expression_, "Only these calls or sets, such as openat,%network; !read means all but read")->type_name("CALLS");
        app->add_flag("-c,--summary", options_.summary, "Count them and print a table at the end");
        app->add_flag("--stamp", absolute_, "The time of day before each line");
        app->add_flag("-r,--relative", relative_, "The time since the line before");
        app->add_flag("-f,--follow-forks", follow_, "Accepted for the habit: all processes are shown");
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
        auto strace = TRY(Strace::create(options_, plan.architecture));
        auto prepared = TRY(prepare(plan));
        auto status = run(plan, std::move(prepared), {.strace = [&](std::string_view line) { strace.add(line); }});
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
    static constexpr const char* verb = "check";
    explicit CheckVerb(CLI::App& parent)
        : Verb(parent, verb, "Tell which system calls a program can make, and which of them are supported",
               "spore check /usr/bin/sqlite3\nspore check --trace /bin/ls /",
               "The exit status is 1 when something that the program surely needs is missing.") {
        app->add_flag("--trace", trace_, "Run it as well, and mark the calls that it makes");
        app->add_flag("--json", json_, "As JSON");
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
                auto prepared = TRY(prepare(plan));
                auto status = run(plan, std::move(prepared), {.strace = [&](std::string_view line) {
                    if (auto call = parse_strace_line(line)) keep(call->name);
                }});
                ::dup2(output.number(), STDOUT_FILENO);
                return status;
            };
        }
        return check(plan, json_ ? CheckFormat::json : CheckFormat::table, trace);
    }

private:
    bool trace_ = false, json_ = false;
};

class TailorVerb final : public Verb {
public:
    static constexpr const char* verb = "tailor";
    explicit TailorVerb(CLI::App& parent)
        : Verb(parent, verb, "Make a kernel that has only what a program needs, and tell why each part is in it",
               "spore tailor /bin/busybox echo hello\nspore tailor -p 8080:80 -o kernel ./server\nspore run --tailor ./server",
               "Every program and library in the guest's root counts. A call that was left out fails with ENOSYS, and the kernel names it on standard error: --keep leaves it in.") {
        app->add_option("-o,--output", output_, "Write the kernel's image there, its symbols beside it")->type_name("FILE");
        app->add_flag("--json", json_, "As JSON");
    }
    bool runs_program() const override { return true; }
    Outcome<int> act(const MakeRequest& request, std::vector<std::string> words) override {
        auto wanted = TRY(request(words));
        wanted.tailored = true;
        auto plan = TRY(make_plan(wanted));
        auto text = TRY(explain_tailored(plan, output_, json_));
        std::fwrite(text.data(), 1, text.size(), stdout);
        return 0;
    }

private:
    std::string output_;
    bool json_ = false;
};

class GdbVerb final : public Verb {
public:
    static constexpr const char* verb = "gdb";
    explicit GdbVerb(CLI::App& parent)
        : Verb(parent, verb, "Run a program under gdb, or attach gdb to a machine that was started with --debug, or to a core file",
               "spore gdb ./app\nspore gdb --batch --ex 'break main' --ex continue --ex backtrace ./app\nspore run -d --debug --name server ./app && spore gdb --attach server\nspore gdb --core cores/core.app.1 ./app",
               "gdb's own commands here: spore-libraries loads the symbols of shared libraries, spore-threads lists threads.") {
        app->add_option("--attach", attach_, "A background machine")->type_name("NAME");
        app->add_option("--ex", options_.commands, "What gdb is to do first; may be given several times")->type_name("COMMAND")->allow_extra_args(false);
        app->add_flag("--batch", options_.batch, "End after that");
    }
    bool runs_program() const override { return true; }
    Outcome<int> act(const MakeRequest& request, std::vector<std::string> words) override {
        if (attach_.empty()) {
            auto wanted = TRY(request(words));
            auto core = wanted.core && !fs::is_directory(*wanted.core) ? std::exchange(wanted.core, std::nullopt) : std::nullopt;
            auto plan = TRY(make_plan(wanted));
            if (!core) return debug(std::move(plan), options_);
            if (::access(core->c_str(), R_OK) != 0) return failure(ExitStatus::not_found, "--core {}: {}", core->string(), error_text());
            return look_at_core(plan, *core, options_);
        }
        auto instance = TRY(Instance::open_running(attach_));
        return attach_gdb(instance.folder(), options_);
    }

private:
    GdbOptions options_;
    std::string attach_;
};

class FlameVerb final : public Verb {
public:
    static constexpr const char* verb = "flame";
    explicit FlameVerb(CLI::App& parent)
        : Verb(parent, verb, "Run a program on linuxu and draw where its time goes, in the program and in the kernel",
               "spore flame ./app\nspore flame -o app.svg --frequency 4999 ./app --its-option",
               "Samples come from perf (package linux-perf). A program shows its callers when it was compiled with -fno-omit-frame-pointer.") {
        app->add_option("-o,--output", options_.output, "The picture (flame.svg)")->type_name("FILE");
        app->add_option("--folded", options_.folded, "The same as text: a line for each stack, as other tools read it")->type_name("FILE");
        app->add_option("--frequency", options_.frequency, "Samples a second (997)")->type_name("NUMBER")->check(CLI::Range(1, 50'000));
    }
    bool runs_program() const override { return true; }
    Outcome<int> act(const MakeRequest& request, std::vector<std::string> words) override {
        auto wanted = TRY(request(words));
        if (wanted.platform.value_or(Platform::linuxu) != Platform::linuxu) return failure(ExitStatus::failed, "flame needs a process of this Linux: leave out --on, or say --on linuxu");
        wanted.platform = Platform::linuxu;
        return flame(TRY(make_plan(wanted)), options_);
    }

private:
    FlameOptions options_;
};

class TraceVerb final : public Verb {
public:
    static constexpr const char* verb = "trace";
    explicit TraceVerb(CLI::App& parent)
        : Verb(parent, verb, "Run a program and draw what it and the kernel do over time",
               "spore trace /bin/ls /\nspore trace -o server.json --points call,wake --events 200000 ./server\nspore trace --attach server --seconds 2\nspore trace --list",
               "The file is in the Trace Event Format: a row for each processor with who ran there, a row for each thread with its system calls and why it waited.\n"
               "ui.perfetto.dev, chrome://tracing and speedscope.app open it. Figures go to standard error.") {
        app->add_option("-o,--output", options_.output, "The file (trace.json)")->type_name("FILE");
        app->add_option("--points", options_.points, "Record only these, such as call,disk (all)")->type_name("LIST");
        app->add_option("--events", options_.events, fmt::format("How many each processor keeps; the oldest go first ({})", options_.events))
            ->type_name("NUMBER")
            ->check(CLI::Range(abi::least_trace_events, abi::most_trace_events));
        app->add_option("--attach", attach_, "A background machine, for some time")->type_name("NAME");
        app->add_option("--seconds", seconds_, "For how long (5)")->type_name("SECONDS");
        app->add_flag("--list", list_, "Tell what can be recorded");
    }
    bool runs_program() const override { return true; }
    Outcome<int> act(const MakeRequest& request, std::vector<std::string> words) override {
        if (!attach_.empty()) {
            auto time = parse_seconds(seconds_);
            if (!time) return failure(ExitStatus::failed, "--seconds {}: write it as a number such as 5 or 0.5", seconds_);
            return trace_machine(attach_, *time, options_);
        }
        if (!list_) return trace(TRY(make_plan(TRY(request(words)))), options_);
        auto text = list_points();
        std::fwrite(text.data(), 1, text.size(), stdout);
        return 0;
    }

private:
    TraceOptions options_;
    std::string attach_, seconds_ = "5";
    bool list_ = false;
};

}  // namespace

void add_program_verbs(CLI::App& app, Verbs& verbs, Choice choice) { add_verbs<BuildVerb, CheckVerb, TailorVerb, StraceVerb, GdbVerb, FlameVerb, TraceVerb>(app, verbs, choice); }

}  // namespace spore::host
