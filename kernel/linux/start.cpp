#include "kernel/linux/start.hpp"

#include "arch/entry.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
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

namespace spore::linux {

namespace {

constinit void (*program_ended)(End) = nullptr;

/// What the first thread needs to find when it runs.
struct FirstProgram {
    SmallText path;
    ExecRequest request;
};
constinit Owned<FirstProgram> first_program;

void tell_end(WaitStatus status) {
    if (status.was_killed()) program_ended({abi::ExitReason::signaled, static_cast<u32>(status.signal())});
    else program_ended({abi::ExitReason::exited, static_cast<u32>(status.exit_status())});
}

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

Result<void> become_first(Task& task, ExecProblem& problem) {
    auto first = std::move(first_program);
    Caller caller(task);
    auto entry = fs::resolve(caller, caller.context().directory, first->path.view(), fs::Follow::yes);
    if (!entry) {
        problem = ExecProblem::not_found;
        return fail(entry.error());
    }
    first->request.entry = std::move(*entry);
    return execute(task, std::move(first->request), problem);
}

/// The first thread's entry: becomes the program.
void run_first(void* argument) {
    auto& task = *static_cast<Task*>(argument);
    auto problem = ExecProblem::none;
    if (auto result = become_first(task, problem); !result) {
        program_ended({abi::ExitReason::failed, static_cast<u32>(failure_of(problem, result.error()))});
        exit_process(task, WaitStatus::exited(127));
    }
    Task::continue_program(&task);
}

Result<void> prepare(const StartRequest& request, FirstProgram& first) {
    first.path = TRY(SmallText::of(request.program));
    first.request.path = TRY(SmallText::of(request.program));
    for (auto argument : request.arguments) TRY(first.request.arguments.add(argument));
    for (auto variable : request.environment) TRY(first.request.environment.add(variable));
    return {};
}

}  // namespace

Result<void> start_init(const StartRequest& request) {
    program_ended = request.ended;
    set_machine_ends({.ended = tell_end, .restart = request.restart});
    set_strace(request.strace);
    if (request.fixed_addresses) fix_addresses();
    futex::set_thread_lookup([](u32 id) { return static_cast<bool>(find_task(static_cast<i32>(id))); });
    set_host_name(request.hostname);
    if constexpr (core::has(core::Part::network)) {
        register_inet_families();
        register_netlink_family();
        register_packet_family();
    }
    TRY(mount_kernel_files(*request.root));
    TRY(register_own_terminal());
    TRY(mount_pseudoterminals(*request.root));

    first_program = TRY(make_owned<FirstProgram>());
    TRY(prepare(request, *first_program));
    auto process = TRY(Process::create());
    process->handlers = TRY(make_shared<SignalHandlers>());
    process->change_credentials([&](Credentials& who) {
        who.uid = who.effective_uid = who.saved_uid = who.file_uid = request.uid;
        who.gid = who.effective_gid = who.saved_gid = who.file_gid = request.gid;
        if (request.uid == 0) who.capabilities = Capabilities::all();
    });
    process->change_limits([&](Limits& limits) {
        for (auto& limit : request.limits)
            if (limit.resource < resource_count) limits.of[limit.resource] = {limit.soft, limit.hard};
    });
    fs::Context context{.root = *request.root, .directory = *request.root, .uid = request.uid, .gid = request.gid};
    auto directory = fs::resolve(context, *request.root, request.directory, fs::Follow::yes);
    auto files = TRY(FileTable::create());
    for (auto& file : {request.standard_in, request.standard_out, request.standard_err}) (void)TRY(files->add(file, OnExec::keep, 3));
    auto memory = TRY(memory::AddressSpace::create());
    process->set_memory(memory);
    auto place = TRY(make_shared<Place>(request.root, directory ? *directory : request.root, u16{022}));
    auto task = TRY(Task::create({process, std::move(memory), std::move(files), std::move(place)}, run_first));
    (void)attach(*process, *task, nullptr);
    task->start();
    return {};
}

void signal_first_group(i32 number) {
    if (number == sigwinch && terminal_window_changed()) return;
    if (auto first = find_process(1)) (void)send_to_group(first->group, SignalInfo::from_kernel(number));
}

}  // namespace spore::linux
