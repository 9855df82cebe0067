#include "kernel/linux/start.hpp"

#include <optional>

#include "arch/entry.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/linux/core_file/settings.hpp"
#include "kernel/linux/dispatch.hpp"
#include "kernel/linux/exec/execute.hpp"
#include "kernel/linux/exec/load.hpp"
#include "kernel/linux/futex/futex.hpp"
#include "kernel/linux/process/caller.hpp"
#include "kernel/linux/process/exit.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/proc/proc.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/socket/inet/inet_socket.hpp"
#include "kernel/linux/socket/netlink/netlink_socket.hpp"
#include "kernel/linux/socket/packet/packet_socket.hpp"
#include "kernel/linux/system.hpp"
#include "kernel/linux/terminal/console.hpp"
#include "kernel/linux/terminal/devpts.hpp"
#include "kernel/linux/terminal/outside.hpp"

namespace spore::linux {

namespace {

/// What a process's first task needs to find when it runs, and whom it tells.
class Program final : public Starter {
public:
    Program(void (*tell)(void* context, End end), void* context) : tell_(tell), context_(context) {}
    ExecRequest request;

    void ended(WaitStatus status) override {
        if (failure) tell_(context_, {abi::ExitReason::failed, static_cast<u32>(*failure)});
        else if (status.was_killed()) tell_(context_, {abi::ExitReason::signaled, static_cast<u32>(status.signal())});
        else tell_(context_, {abi::ExitReason::exited, static_cast<u32>(status.exit_status())});
    }
    std::optional<abi::StartFailure> failure;  ///< why the process ends before it was the program

private:
    void (*tell_)(void* context, End end);
    void* context_;
};

abi::StartFailure failure_of(ExecProblem problem, Error error) {
    using enum abi::StartFailure;
    switch (problem) {
    case ExecProblem::not_found: return program_not_found;
    case ExecProblem::interpreter_not_found: return interpreter_not_found;
    case ExecProblem::wrong_architecture: return wrong_architecture;
    case ExecProblem::no_memory: return no_memory;
    case ExecProblem::unsupported: return unsupported;
    case ExecProblem::none:
    case ExecProblem::not_executable: break;
    }
    return error == Error::no_memory ? no_memory : not_executable;
}

/// The value of a variable in `environment`; empty when it has none.
std::string_view value_of(std::string_view name, const StringBlock& environment) {
    for (auto rest = environment.bytes(); !rest.empty();) {
        auto text = rest.substr(0, rest.find('\0'));
        if (text.starts_with(name) && text.substr(name.size()).starts_with('=')) return text.substr(name.size() + 1);
        rest.remove_prefix(text.size() + 1);
    }
    return {};
}

/// As execvp(3) does it: `request.path` becomes the path of the first program of that name.
Result<Shared<fs::Dentry>> search(const fs::Context& context, ExecRequest& request) {
    std::string_view name = request.path;
    char path[512];
    for (auto rest = value_of("PATH", request.environment); !rest.empty();) {
        auto folder = rest.substr(0, rest.find(':'));
        rest.remove_prefix(std::min(folder.size() + 1, rest.size()));
        if (folder.size() + 1 + name.size() > sizeof path) continue;
        auto place = format_to(path, "{}/{}", folder.empty() ? "." : folder, name);
        auto entry = fs::resolve(context, context.directory, place, fs::Follow::yes);
        constexpr u8 execute_access = 1;
        if (!entry || (*entry)->inode()->type() != fs::FileType::regular || !fs::check_access(context, **entry, execute_access)) continue;
        request.path = TRY(SmallText::of(place));
        return entry;
    }
    return fail(Error::not_found);
}

Result<void> become(Task& task, Program& program, ExecProblem& problem) {
    auto request = std::move(program.request);
    Caller caller(task);
    bool is_path = request.path.view().find('/') != std::string_view::npos;
    auto entry = is_path ? fs::resolve(caller, caller.context().directory, request.path, fs::Follow::yes) : search(caller, request);
    if (!entry) {
        problem = ExecProblem::not_found;
        return fail(entry.error());
    }
    request.entry = std::move(*entry);
    return execute(task, std::move(request), problem);
}

/// The entry of a process's first thread: becomes the program.
void run_program(void* argument) {
    auto& task = *static_cast<Task*>(argument);
    auto& program = static_cast<Program&>(*task.process().starter);
    auto problem = ExecProblem::none;
    if (auto result = become(task, program, problem); !result) {
        program.failure = failure_of(problem, result.error());
        exit_process(task, WaitStatus::exited(127));
    }
    Task::continue_program(&task);
}

Result<Shared<Program>> prepare(const ProgramRequest& request) {
    auto program = TRY(make_shared<Program>(request.ended, request.context));
    program->request.path = TRY(SmallText::of(request.path));
    for (auto argument : request.arguments) TRY(program->request.arguments.add(argument));
    for (auto variable : request.environment) TRY(program->request.environment.add(variable));
    return program;
}

/// The process with its one task, which has not started yet.
Result<Shared<Task>> make_process(const ProgramRequest& request, Shared<fs::Dentry> directory) {
    auto process = TRY(Process::create());
    process->starter = TRY(prepare(request));
    process->handlers = TRY(make_shared<SignalHandlers>());
    process->change_credentials([&](Credentials& who) {
        who.uid = who.effective_uid = who.saved_uid = who.file_uid = request.uid;
        who.gid = who.effective_gid = who.saved_gid = who.file_gid = request.gid;
        for (u32 group : request.groups) who.groups[who.group_count++] = group;
        if (request.uid == 0) who.capabilities = Capabilities::all();
    });
    process->change_limits([&](Limits& limits) {
        for (auto& limit : request.limits)
            if (limit.resource < resource_count) limits.of[limit.resource] = {limit.soft, limit.hard};
    });
    auto files = TRY(FileTable::create());
    for (auto& file : {request.standard_in, request.standard_out, request.standard_err}) (void)TRY(files->add(file, OnExec::keep, 3));
    auto memory = TRY(memory::AddressSpace::create());
    process->set_memory(memory);
    auto place = TRY(make_shared<Place>(request.root, std::move(directory), u16{022}));
    auto task = TRY(Task::create({process, std::move(memory), std::move(files), std::move(place)}, run_program));
    if (!attach(*process, *task, nullptr)) return fail(Error::would_block);
    return task;
}

Result<Shared<fs::Dentry>> find_directory(const ProgramRequest& request) {
    fs::Context context{.root = *request.root, .directory = *request.root, .uid = request.uid, .gid = request.gid};
    return fs::resolve(context, *request.root, request.directory, fs::Follow::yes);
}

}  // namespace

Result<void> start_init(const StartRequest& request) {
    set_restart(request.restart);
    watch_calls(CallWatcher::strace, request.strace);
    if (request.fixed_addresses) fix_addresses();
    futex::set_thread_lookup([](u32 id) { return static_cast<bool>(find_task(static_cast<i32>(id))); });
    set_host_name(request.hostname);
    if (!request.core_pattern.empty()) TRY(set_core_pattern(request.core_pattern));
    if constexpr (core::has(core::Part::network)) {
        register_inet_families();
        register_netlink_family();
        register_packet_family();
    }
    auto& program = request.program;
    TRY(mount_kernel_files(*program.root));
    TRY(register_own_terminal());
    TRY(mount_pseudoterminals(*program.root));

    auto directory = find_directory(program);
    auto task = TRY(make_process(program, directory ? *directory : program.root));
    task->start();
    return {};
}

Result<i32> start_besides(const ProgramRequest& request, abi::StartFailure& failure) {
    failure = abi::StartFailure::folder_not_found;
    auto directory = TRY(find_directory(request));
    if (directory->inode()->type() != fs::FileType::directory) return fail(Error::not_directory);
    failure = abi::StartFailure::no_memory;
    auto task = TRY(make_process(request, std::move(directory)));
    i32 number = task->process().id();
    if (request.terminal) request.terminal->begin_session(number);
    task->start();
    return number;
}

void signal_program(i32 process, i32 number) {
    if (auto found = find_process(process)) (void)send_to_group(found->group, SignalInfo::from_kernel(number));
}

void signal_first_group(i32 number) {
    if (number == sigwinch && terminal_window_changed()) return;
    if (auto first = find_process(1)) (void)send_to_group(first->group, SignalInfo::from_kernel(number));
}

}  // namespace spore::linux
