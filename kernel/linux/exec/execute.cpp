#include "kernel/linux/exec/execute.hpp"

#include "arch/registers.hpp"
#include "kernel/core/random.hpp"
#include "kernel/fs/permission.hpp"
#include "kernel/linux/core_file/settings.hpp"
#include "kernel/linux/exec/load.hpp"
#include "kernel/linux/exec/stack.hpp"
#include "kernel/linux/process/caller.hpp"
#include "kernel/linux/process/exit.hpp"
#include "kernel/linux/process/memory_limits.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/ring/work.hpp"
#include "kernel/linux/signal/frame.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/time/interval_timer.hpp"
#include "kernel/linux/vdso/vdso.hpp"

namespace spore::linux {

namespace {

/// The program and, when it is dynamic, its dynamic linker.
struct Programs {
    ProgramFile main;
    std::optional<ProgramFile> interpreter;
};

ExecProblem problem_of(Error error, ExecProblem when_missing) {
    switch (error) {
    case Error::not_found: case Error::not_directory: return when_missing;
    case Error::no_memory: return ExecProblem::no_memory;
    default: return ExecProblem::not_executable;
    }
}

/// Follows "#!" lines to the program that is really run; the request's entry and arguments become those.
Result<void> follow_scripts(const fs::Context& context, ExecRequest& request, ExecProblem& problem) {
    constexpr unsigned deepest = 5;
    for (unsigned depth = 0;; ++depth) {
        constexpr u8 execute_access = 1;
        auto stat = TRY(fs::stat(*request.entry));
        if (stat.type != fs::FileType::regular) return fail(Error::access_denied);
        TRY(fs::check_access(context, *request.entry, execute_access));
        auto file = TRY(fs::open_entry(context, *request.entry, {.read = true, .execute = true}));
        auto script = TRY(read_script_line(*file));
        if (!script) return {};
        if (depth == deepest) return fail(Error::symlink_loop);
        StringBlock arguments;
        TRY(arguments.add(script->interpreter));
        if (!script->argument.empty()) TRY(arguments.add(script->argument));
        TRY(arguments.add(request.path));
        TRY(arguments.add_all(request.arguments, 1));
        request.arguments = std::move(arguments);
        request.path = std::move(script->interpreter);
        auto entry = fs::resolve(context, context.directory, request.path, fs::Follow::yes);
        if (!entry) {
            problem = problem_of(entry.error(), ExecProblem::interpreter_not_found);
            return fail(entry.error());
        }
        request.entry = std::move(*entry);
    }
}

Result<Programs> open_programs(const fs::Context& context, fs::Dentry& entry, ExecProblem& problem) {
    Programs programs{TRY(ProgramFile::open(context, entry, problem)), std::nullopt};
    auto path = TRY(programs.main.interpreter());
    if (path.empty()) return programs;
    auto interpreter = fs::resolve(context, context.root, path, fs::Follow::yes);
    if (!interpreter) {
        problem = problem_of(interpreter.error(), ExecProblem::interpreter_not_found);
        return fail(interpreter.error());
    }
    programs.interpreter = TRY(ProgramFile::open(context, **interpreter, problem));
    return programs;
}

/// Who became a user with too many processes already may not go on to run programs as that one [setuid(2), EAGAIN]; unless some have ended since.
Result<void> check_process_count(Task& task) {
    if (!std::exchange(task.too_many_processes, false)) return {};
    TreeGuard guard(tree_lock());
    if (!exceeds_process_limit(task.process(), 0)) return {};
    task.too_many_processes = true;
    return fail(Error::would_block);
}

/// Ends the process's other tasks and waits until they have left its memory.
Result<void> end_other_tasks(Task& task) {
    auto& process = task.process();
    TreeGuard guard(tree_lock());
    // Another task's execve was first, and ends this one; or all end, and stand still before that.
    if (process.ending_others || process.core_halt.load(std::memory_order_relaxed)) return fail(Error::restart);
    process.ending_others = &task;
    for (auto& other : process.tasks)
        if (&other != &task) other.demand_attention();
    process.resumed.wake_all();  // also those that stand still: a stop holds up only what is left
    while (process.live_tasks > 1) (void)process.tasks_changed.wait(tree_lock(), sync::Interruptible::no);
    process.ending_others = nullptr;
    return {};
}

/// The stack's area: at the top of the program's half, a random distance below.
Result<VirtAddr> map_stack(memory::AddressSpace& memory, u64 limit, bool executable) {
    constexpr u64 largest = 1_GiB, smallest = 128_KiB;
    VirtAddr top{arch::program_end - random_distance(22)};
    u64 size = align_up(std::clamp<u64>(limit, smallest, largest), page_size);
    TRY(memory.map({.hint = top - size, .size = size, .access = {true, true, executable},
                    .placement = memory::Placement::exactly, .grows_down = true, .name = "[stack]"}));
    return top;
}

/// Who the program acts as: its file's owner and group, where its bits say so. A script's do not count, its interpreter's do.
void become(Credentials& who, const fs::Stat& file, bool may_gain) {
    auto before = who;
    if (may_gain && (file.permissions & fs::set_uid_bit)) who.effective_uid = file.uid;
    if (may_gain && fs::acts_as_group(file.permissions)) who.effective_gid = file.gid;
    if (who.effective_uid != before.effective_uid || who.effective_gid != before.effective_gid) who.capabilities.ambient = 0;
    who.saved_uid = who.file_uid = who.effective_uid, who.saved_gid = who.file_gid = who.effective_gid;
    who.capabilities.follow_exec(who.uid, who.effective_uid);
}

/// Acts for another than who started it: it should trust little of what it is given (AT_SECURE), and tell little of itself.
bool is_trusted_more(const Credentials& who) { return who.effective_uid != who.uid || who.effective_gid != who.gid; }

/// What differs in a task once it runs another program [execve(2)].
void reset_task(Task& task, std::string_view path, const fs::Stat& file) {
    auto& process = task.process();
    task.files().close_on_exec();
    bool trusted_more = false;
    process.change_credentials([&](Credentials& who) {
        become(who, file, !task.no_new_privileges);
        trusted_more = is_trusted_more(who);
    });
    process.dumpable.store(trusted_more ? dumpable_after_change() : Dumpable::yes, std::memory_order_relaxed);
    if (trusted_more) task.parent_death_signal = 0;
    delete_posix_timers(process);
    {
        Guard guard(process.signal_lock);
        Guard handlers_guard(process.handlers->lock);
        for (auto& action : process.handlers->actions)
            action = {.handler = action.handler == SignalAction::ignore ? SignalAction::ignore : SignalAction::by_default};
    }
    task.signal_stack = {};
    task.clear_child_id = {};
    task.robust_list = {};
    task.rseq_area = {};
    task.set_notices_switches(false);
    auto name = path.substr(path.rfind('/') + 1);
    std::ranges::fill(task.name, '\0');
    name.copy(task.name, sizeof task.name - 1);
    task.trace(core::TracePoint::thread_exec);
    process.executed = true;
    process.barriers.store(0, std::memory_order_relaxed);
}

/// Each process needs its own tables from here on, where it shared them by clone.
Result<void> unshare(Task& task) {
    auto& process = task.process();
    if (process.handlers->owners() > 1) {
        auto handlers = TRY(make_shared<SignalHandlers>());
        std::ranges::copy(process.handlers->actions, handlers->actions);
        Guard guard(process.signal_lock);
        std::swap(process.handlers, handlers);
    }
    if (task.files().owners() > 1) task.set_files(TRY(task.files().copy()));
    return {};
}

}  // namespace

Result<void> execute(Task& task, ExecRequest request, ExecProblem& problem) {
    auto& process = task.process();
    problem = ExecProblem::not_executable;
    TRY(check_process_count(task));
    Caller caller(task);
    TRY(follow_scripts(caller, request, problem));
    auto programs = TRY(open_programs(caller, *request.entry, problem));

    problem = ExecProblem::no_memory;
    char path_buffer[512];
    auto path = fs::path_of(caller.context().root, *request.entry, path_buffer);
    ImageInfo image;
    image.path = TRY(SmallText::of(path ? *path : std::string_view(request.path)));
    image.file = programs.main.shared_file();
    auto memory = TRY(memory::AddressSpace::create());
    limit_memory(process, *memory);
    u64 stack_limit = process.limit(limit_stack).soft;
    VirtAddr stack_top = TRY(map_stack(*memory, stack_limit, programs.main.segments().executable_stack()));
    auto main = TRY(map_program(*memory, programs.main, programs.interpreter || addresses_are_fixed() ? Where::low : Where::anywhere));
    std::optional<LoadedImage> interpreter;
    if (programs.interpreter) interpreter = TRY(map_program(*memory, *programs.interpreter, Where::anywhere));
    auto vdso = TRY(map_vdso(*memory));
    memory->initialise_break({align_up(main.end.value, page_size)});

    auto file = TRY(fs::stat(*request.entry));
    auto credentials = process.credentials();
    become(credentials, file, !task.no_new_privileges);
    u8 random[16];
    core::fill_random(std::as_writable_bytes(std::span(random)));
    auto& segments = programs.main.segments();
    const StackRequest::Entry auxiliary[] = {
        {Auxiliary::vdso, vdso.start.value},
        {Auxiliary::capabilities, arch::hardware_capabilities()},
        {Auxiliary::page_size, page_size},
        {Auxiliary::clock_tick, 100},
        {Auxiliary::program_headers, main.program_headers.value},
        {Auxiliary::program_header_size, wire::elf::program_header_size},
        {Auxiliary::program_header_count, segments.size()},
        {Auxiliary::base, interpreter ? interpreter->bias : 0},
        {Auxiliary::flags, 0},
        {Auxiliary::entry, main.entry.value},
        {Auxiliary::uid, credentials.uid},
        {Auxiliary::effective_uid, credentials.effective_uid},
        {Auxiliary::gid, credentials.gid},
        {Auxiliary::effective_gid, credentials.effective_gid},
        {Auxiliary::secure, is_trusted_more(credentials)},
        {Auxiliary::capabilities_2, arch::hardware_capabilities_2()},
        {Auxiliary::minimum_signal_stack, smallest_signal_stack()},
    };
    auto stack = TRY(build_stack({.top = stack_top, .program_name = request.path, .arguments = request.arguments, .environment = request.environment,
                                  .platform = arch::platform_name(), .random = std::as_bytes(std::span(random)), .auxiliary = auxiliary},
                                 std::clamp<u64>(stack_limit / 4, 128_KiB, most_string_bytes)));
    image.arguments = stack.arguments, image.arguments_end = stack.arguments_end;
    image.environment = stack.environment, image.environment_end = stack.environment_end;
    image.auxiliary = stack.auxiliary, image.auxiliary_end = stack.auxiliary_end;
    image.code = main.code, image.code_end = main.code_end, image.stack = stack.pointer;
    image.signal_return = vdso.signal_return;
    TRY(unshare(task));
    TRY(end_other_tasks(task));
    if (auto rings = std::exchange(task.rings, nullptr)) rings->end();
    if (auto* work = task.process().ring_work.load(std::memory_order_acquire)) work->end(*work, RingWork::End::program);

    // The old program ends here.
    problem = ExecProblem::none;
    tell_program_of_end(task);
    take_number_of_main(task);
    process.set_memory(memory);
    task.change_memory(std::move(memory));
    end_vfork(process);
    {
        Guard guard(process.image_lock);
        std::swap(process.image, image);
    }
    reset_task(task, request.path, file);
    auto written = clear_tails(programs.main, main);
    if (written && interpreter) written = clear_tails(*programs.interpreter, *interpreter);
    if (written) written = arch::copy_to_program(stack.pointer, stack.bytes.data(), stack.bytes.size());
    if (!written) {
        problem = ExecProblem::no_memory;
        kill_process(process);
        return fail(Error::no_memory);
    }
    arch::reset_program_state(*task.thread().program_state());
    arch::prepare_program_frame(task.thread().program_frame(), interpreter ? interpreter->entry : main.entry, stack.pointer);
    task.set_attention();  // all registers are new
    return {};
}

}  // namespace spore::linux
