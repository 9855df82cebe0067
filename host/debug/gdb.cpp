#include "host/debug/gdb.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "host/common/beside_tool.hpp"
#include "host/common/process.hpp"
#include "host/common/temporary_folder.hpp"
#include "host/symbols/symboliser.hpp"
#include "wire/elf_dynamic.hpp"

namespace spore::host {

namespace {

namespace elf = wire::elf;

/// The commands in Python.
std::optional<fs::path> find_script() { return find_beside_tool({"../share/spore/gdb/spore.py"}, R_OK); }

/// gdb's commands for a machine: QEMU's socket; or, of one that is a process, a file with its number.
std::vector<std::string> ways_to_reach(const fs::path& debugger) {
    // A breakpoint in a program is set before the program is in memory: its beginning, which gdb looks for in the code, is then in the file alone.
    if (fs::is_socket(debugger)) return {"set trust-readonly-sections on", fmt::format("target remote {}", debugger.string())};
    std::vector<std::string> lines;
    // The machine's traps and interrupts, which are the kernel's business.
    for (auto signal : {"SIGSEGV", "SIGBUS", "SIGILL", "SIGFPE", "SIGSYS", "SIGALRM", "SIGUSR1", "SIGIO"})
        lines.push_back(fmt::format("handle {} nostop noprint pass", signal));
    // What it waited with for the debugger.
    lines.push_back("handle SIGSTOP nostop noprint nopass");
    lines.push_back("set exec-file-mismatch off");
    lines.push_back(fmt::format("attach {}", read_file(debugger).value_or("")));
    return lines;
}

/// How gdb is called for programs of a CPU, up to its first command. Debian's gdb knows its own CPU only.
std::vector<std::string> begin_command(Architecture architecture, const GdbOptions& options) {
    std::string gdb = facts_of(architecture).machine == facts_of(native_architecture).machine ? "gdb" : "gdb-multiarch";
    std::vector<std::string> command{gdb, "-q", "-iex", "set confirm off", "-iex", "set pagination off", "-iex", "set print thread-events off"};
    if (options.batch) command.insert(command.end(), {"-batch"});
    return command;
}

/// Returns only when that is impossible.
Failure become(std::vector<std::string> command) {
    std::vector<char*> arguments;
    for (auto& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    if (errno == ENOENT) return {ExitStatus::missing_tool, fmt::format("{} is missing: install it with 'apt install {}'", command[0], command[0])};
    return {ExitStatus::failed, fmt::format("cannot start {}: {}", command[0], error_text())};
}

/// Becomes gdb; returns only when that is impossible.
Failure become_gdb(const fs::path& folder, const GdbOptions& options) {
    auto text = read_file(folder / "files.json");
    auto description = nlohmann::json::parse(text.value_or(""), nullptr, false);
    if (!description.is_object()) return {ExitStatus::failed, fmt::format("{} is missing or damaged", (folder / "files.json").string())};
    auto command = begin_command(from_name<Architecture>(description.value("architecture", "")).value_or(native_architecture), options);
    auto execute = [&](std::string line) { command.insert(command.end(), {"-ex", std::move(line)}); };
    execute(fmt::format("file {}", description.value("kernel", "")));
    if (auto program = description.value("program", ""); !program.empty()) execute(fmt::format("add-symbol-file {} -o {:#x}", program, description.value("base", u64{0})));
    for (auto& line : ways_to_reach(folder / "gdb")) execute(line);
    if (auto script = find_script()) execute(fmt::format("source {}", script->string()));
    for (const auto& line : options.commands) execute(line);
    ::setenv("SPORE_FILES", (folder / "files.json").c_str(), 1);
    return become(std::move(command));
}

/// Until it ends, or a signal wants to end this process.
void wait_for_end(const Child& debugger) {
    auto signals = watch_ending_signals();
    struct pollfd waits[] = {{debugger.descriptor(), POLLIN, 0}, {signals.number(), POLLIN, 0}};
    while (::poll(waits, 2, -1) < 0 && errno == EINTR) {}
}

/// Ctrl-C is gdb's. One that is ignored and blocked would wait as the others do.
void leave_interrupts_to_gdb() {
    ::signal(SIGINT, SIG_IGN);
    sigset_t interrupts;
    ::sigemptyset(&interrupts), ::sigaddset(&interrupts, SIGINT);
    ::sigprocmask(SIG_UNBLOCK, &interrupts, nullptr);
}

bool wait_for(const fs::path& socket, const Child& runner) {
    constexpr int attempts = 1000;
    for (int i = 0; i < attempts; ++i) {
        if (fs::exists(socket)) return true;
        if (ending_signal_waits() || runner.ends_within(std::chrono::milliseconds(10))) return false;
    }
    return false;
}

/// Forks a child that does `work` and ends with the status it gives; it goes when this process goes.
template <typename Work>
Outcome<Child> fork_child(Work work) {
    pid_t parent = ::getpid();
    pid_t child = ::fork();
    if (child < 0) return failure(ExitStatus::failed, "cannot fork: {}", error_text());
    if (child > 0) return Child(child, FileDescriptor(static_cast<int>(::syscall(SYS_pidfd_open, child, 0))));
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    let_ending_signals_through();
    ::_exit(work());
}

/// Runs the machine and tells how the program ended. Ctrl-C and what is typed are for gdb.
int run_machine(const Plan& plan, Prepared prepared) {
    ::setpgid(0, 0);
    ::signal(SIGTTOU, SIG_IGN);
    FileDescriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    ::dup2(nothing.number(), STDIN_FILENO);
    auto status = run(plan, std::move(prepared));
    if (status) std::fprintf(stderr, "spore: the program ended with status %d\n", *status);
    else if (status.error().status != ExitStatus::machine_ended) tell(status.error());
    return status.value_or(1);
}

}  // namespace

void add_debugger(Plan& plan, const fs::path& folder) {
    plan.fixed_addresses = true;
    plan.debugger = folder / "gdb";
}

Outcome<void> describe_for_gdb(const Plan& plan, Prepared& prepared, const fs::path& folder) {
    nlohmann::json json{{"architecture", facts_of(plan.architecture).name}, {"kernel", debug_file_of(plan.kernel).string()}, {"files", nlohmann::json::object()}};
    for (const auto& [path, entry] : prepared.root.entries())
        if (entry.kind == Entry::Kind::file && ((entry.mode & 0111) || path.find(".so") != std::string::npos)) json["files"][path] = entry.host.string();
    auto real = prepared.root.provide(plan.program);
    auto* entry = real ? prepared.root.find(*real) : nullptr;
    auto file = entry && entry->kind == Entry::Kind::file ? MappedFile::open(entry->host) : std::unexpected(ENOENT);
    auto header = file ? elf::parse_header(file->bytes(), facts_of(plan.architecture).machine) : std::unexpected(elf::Problem::not_elf);
    if (header) {
        auto headers = elf::ProgramHeaders::parse(*header, slice(file->bytes(), header->table_offset, header->table_size()).value_or(ByteSpan{}), file->bytes().size());
        // As the kernel moves it (kernel/linux/exec/load.cpp): arm64's files want 64 KiB.
        u64 base = header->relocatable() && headers ? align_down(abi::fixed_program_base, headers->load_alignment()) - align_down(headers->load_begin(), headers->load_alignment()) : 0;
        json["program"] = entry->host.string();
        json["base"] = base;
        if (headers && headers->find(elf::SegmentType::interpreter))
            if (auto dynamic = headers->find(elf::SegmentType::dynamic)) json["dynamic"] = dynamic->address + base;
    }
    return write_file(folder / "files.json", json.dump(1));
}

Outcome<int> debug(Plan plan, const GdbOptions& options) {
    auto made = TRY(TemporaryFolder::create("gdb"));
    auto& folder = made.path();
    add_debugger(plan, folder);
    plan.paused = true;
    auto prepared = TRY(prepare(plan));
    TRY(describe_for_gdb(plan, prepared, folder));
    std::fflush(nullptr);
    auto runner = TRY(fork_child([&] { return run_machine(plan, std::move(prepared)); }));
    if (!wait_for(plan.debugger, runner)) return failure(ExitStatus::failed, "the machine did not start");
    auto debugger = TRY(fork_child([&] {
        auto failed = become_gdb(folder, options);
        tell(failed);
        return static_cast<int>(failed.status);
    }));
    leave_interrupts_to_gdb();
    wait_for_end(debugger);
    if (ending_signal_waits()) return failure(ExitStatus::failed, "interrupted");
    int status = debugger.wait();
    // A machine whose program has ended, or that gdb ended, is let tell so; one that gdb left running ends with `runner`.
    (void)runner.ends_within(std::chrono::seconds(2));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Outcome<int> look_at_core(const Plan& plan, const fs::path& core, const GdbOptions& options) {
    auto command = begin_command(plan.architecture, options);
    auto execute = [&](std::string line) { command.insert(command.end(), {"-ex", std::move(line)}); };
    // The guest's paths are those of its root, or of this machine.
    auto root = plan.root ? *plan.root : plan.sysroot.value_or("/");
    if (root != "/") execute(fmt::format("set sysroot {}", root.string()));
    execute(fmt::format("file {}", plan.host_program.empty() ? (root / plan.program.substr(1)).string() : plan.host_program.string()));
    execute(fmt::format("core-file {}", core.string()));
    for (const auto& line : options.commands) execute(line);
    return std::unexpected(become(std::move(command)));
}

Outcome<int> attach_gdb(const fs::path& folder, const GdbOptions& options) {
    if (!fs::exists(folder / "gdb")) return failure(ExitStatus::failed, "this machine has no debugger socket: start it with --debug");
    return std::unexpected(become_gdb(folder, options));
}

}  // namespace spore::host
