// stat, status, limits [proc_pid_stat(5), proc_pid_status(5), proc_pid_limits(5)].
#include "kernel/linux/calls/usage.hpp"
#include "kernel/linux/octal.hpp"
#include "kernel/linux/proc/process_files.hpp"
#include "kernel/linux/process/exit.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/terminal/terminal.hpp"

namespace spore::linux::proc {

namespace {

/// What stat and status tell, taken at one time.
struct Snapshot {
    i32 id = 0, process_id = 0, parent = 0, group = 0, session = 0, exit_signal = 0;
    u32 tasks = 0, cpu = 0;
    char state = 'S';
    char name[16] = {};
    Usage own, children;
    u64 voluntary = 0, involuntary = 0;
    task::CpuSet affinity = ~task::CpuSet{0};
    Instant started;
    SignalSet pending, process_pending, blocked, ignored, caught;
    bool no_new_privileges = false;
    terminal::Foreground foreground;
    Policies scheduling;
    i32 nice = 0;

    /// Of realtime threads from -2 down, of the others from 0 to 39 [proc_pid_stat(5)].
    i32 priority() const { return scheduling.priority ? -1 - scheduling.priority : 20 + nice; }
};

char state_of(const Process& process, const Task* task) {
    if (process.zombie || !task) return 'Z';
    if (process.stop_signal) return 'T';
    auto state = task->thread().state();
    return state == task::State::blocked || state == task::State::preparing ? 'S' : 'R';
}

Snapshot snapshot(const Subject& subject, Process& process, Task* task) {
    Snapshot s;
    s.own = subject.is_task() ? Usage{} : usage_of(process);
    TreeGuard guard(tree_lock());
    bool runs = task && task->process_link.linked;
    s.process_id = process.id();
    s.id = subject.is_task() ? subject.task_id : process.id();
    s.parent = process.parent ? process.parent->id() : 0;
    s.group = process.group, s.session = process.session, s.exit_signal = process.exit_signal;
    s.tasks = process.live_tasks;
    s.state = state_of(process, runs ? task : nullptr);
    s.children = process.dead_children;
    s.started = process.started;
    s.foreground = terminal::foreground_of_locked(process.session);
    if (runs) {
        if (subject.is_task()) s.own = task->usage();
        s.cpu = task->thread().cpu();
        s.affinity = task->thread().affinity();
        s.scheduling = task->scheduling, s.nice = task->thread().nice();
        s.voluntary = task->thread().voluntary_switches(), s.involuntary = task->thread().involuntary_switches();
    }
    Guard signal_guard(process.signal_lock);
    s.process_pending = process.pending.set();
    if (task) {
        std::ranges::copy(task->name, s.name);
        s.pending = task->pending.set(), s.blocked = task->blocked, s.no_new_privileges = task->no_new_privileges;
    }
    if (process.handlers) {
        Guard handlers_guard(process.handlers->lock);
        for (i32 number = 1; number <= last_signal; ++number) {
            auto handler = (*process.handlers)[number].handler;
            if (handler == SignalAction::ignore) s.ignored.add(number);
            else if (handler != SignalAction::by_default) s.caught.add(number);
        }
    }
    return s;
}

/// The subject's process, and its task if one is left.
struct Found {
    Shared<Process> process;
    Shared<Task> task;
};
Result<Found> find(const Subject& subject) {
    Found found{TRY(subject.process()), {}};
    auto task = subject.task();
    if (task) found.task = std::move(*task);
    else if (subject.is_task()) return fail(Error::no_process);
    return found;
}

std::string_view name_of(const Snapshot& s) { return {s.name, std::find(s.name, s.name + sizeof s.name, '\0')}; }

Result<void> print_mask(TextSink& out, std::string_view label, u64 bits) {
    char digits[16];
    for (int i = 0; i < 16; ++i) digits[i] = "0123456789abcdef"[bits >> (60 - 4 * i) & 15];
    return out.print("{}:\t{}\n", label, std::string_view(digits, sizeof digits));
}

std::string_view describe_state(char state) {
    switch (state) {
    case 'R': return "R (running)";
    case 'T': return "T (stopped)";
    case 'Z': return "Z (zombie)";
    default: return "S (sleeping)";
    }
}

}  // namespace

Result<void> show_stat(const Subject& subject, TextSink& out) {
    auto found = TRY(find(subject));
    auto s = snapshot(subject, *found.process, found.task.get());
    auto memory = found.process->memory();
    auto use = memory ? memory->use() : memory::AddressSpace::Use{};
    VirtAddr code{}, code_end{}, stack{}, arguments{}, arguments_end{}, environment{}, environment_end{};
    {
        Guard guard(found.process->image_lock);
        auto& image = found.process->image;
        code = image.code, code_end = image.code_end, stack = image.stack;
        arguments = image.arguments, arguments_end = image.arguments_end;
        environment = image.environment, environment_end = image.environment_end;
    }
    u64 stack_limit = found.process->limit(limit_resident).soft;
    TRY(out.print("{} ({}) {} {} {} {} {} {} 4194304 {} 0 {} 0 ", s.id, name_of(s), s.state, s.parent, s.group, s.session, s.foreground.device,
                  s.foreground.group, s.own.minor_faults, s.own.major_faults));
    TRY(out.print("{} {} {} {} {} {} {} 0 {} ", ticks(s.own.user), ticks(s.own.system), ticks(s.children.user), ticks(s.children.system), s.priority(), s.nice, s.tasks,
                  s.started.nanoseconds / 10'000'000));
    // Signals are shown as far as they fit this file's 31 bits; status has all.
    constexpr u64 shown = 0x7fff'ffff;
    TRY(out.print("{} {} {} {} {} {} 0 0 {} {} {} {} 0 0 0 {} {} {} {} 0 0 0 ", use.virtual_bytes, use.resident_bytes / page_size, stack_limit, code.value,
                  code_end.value, stack.value, s.pending.bits & shown, s.blocked.bits & shown, s.ignored.bits & shown, s.caught.bits & shown,
                  s.exit_signal, s.cpu, s.scheduling.priority, s.scheduling.policy));
    return out.print("0 0 0 {} {} {} {} {}\n", arguments.value, arguments_end.value, environment.value, environment_end.value,
                     s.state == 'Z' ? found.process->status.word : 0);
}

Result<void> show_status(const Subject& subject, TextSink& out) {
    auto found = TRY(find(subject));
    auto s = snapshot(subject, *found.process, found.task.get());
    auto who = found.process->credentials();
    TRY(out.print("Name:\t{}\n", name_of(s)));
    if (auto place = found.task ? found.task->place_seen_by_others() : Shared<Place>()) TRY(out.print("Umask:\t{}\n", Octal(place->umask(), 4).view()));
    TRY(out.print("State:\t{}\nTgid:\t{}\nNgid:\t0\nPid:\t{}\nPPid:\t{}\nTracerPid:\t0\n", describe_state(s.state),
                  s.process_id, s.id, s.parent));
    TRY(out.print("Uid:\t{}\t{}\t{}\t{}\nGid:\t{}\t{}\t{}\t{}\nFDSize:\t256\nGroups:\t", who.uid, who.effective_uid, who.saved_uid, who.file_uid,
                  who.gid, who.effective_gid, who.saved_gid, who.file_gid));
    for (u32 i = 0; i < who.group_count; ++i) TRY(out.print("{} ", who.groups[i]));
    TRY(out.print("\nNStgid:\t{}\nNSpid:\t{}\nNSpgid:\t{}\nNSsid:\t{}\n", s.process_id, s.id, s.group, s.session));
    if (auto parts = memory_parts(*found.process); parts.memory) {
        auto& use = parts.use;
        TRY(out.print("VmPeak:\t{} kB\nVmSize:\t{} kB\nVmLck:\t{} kB\nVmPin:\t0 kB\nVmHWM:\t{} kB\nVmRSS:\t{} kB\n", use.virtual_bytes / 1024,
                      use.virtual_bytes / 1024, use.locked_bytes / 1024, use.peak_resident_bytes / 1024, use.resident_bytes / 1024));
        TRY(out.print("RssAnon:\t{} kB\nRssFile:\t{} kB\nRssShmem:\t0 kB\nVmData:\t{} kB\nVmStk:\t{} kB\nVmExe:\t{} kB\nVmLib:\t{} kB\n",
                      (use.resident_bytes - parts.of_objects) / 1024, parts.of_objects / 1024, use.data_bytes / 1024, use.stack_bytes / 1024, parts.program_code / 1024,
                      (use.code_bytes - parts.program_code) / 1024));
        TRY(out.write("VmPTE:\t0 kB\nVmSwap:\t0 kB\n"));
    }
    TRY(out.print("Threads:\t{}\nSigQ:\t0/{}\n", s.tasks, found.process->limit(limit_signals).soft));
    TRY(print_mask(out, "SigPnd", s.pending.bits));
    TRY(print_mask(out, "ShdPnd", s.process_pending.bits));
    TRY(print_mask(out, "SigBlk", s.blocked.bits));
    TRY(print_mask(out, "SigIgn", s.ignored.bits));
    TRY(print_mask(out, "SigCgt", s.caught.bits));
    TRY(print_mask(out, "CapInh", who.capabilities.inheritable));
    TRY(print_mask(out, "CapPrm", who.capabilities.permitted));
    TRY(print_mask(out, "CapEff", who.capabilities.effective));
    TRY(print_mask(out, "CapBnd", who.capabilities.bounding));
    TRY(print_mask(out, "CapAmb", who.capabilities.ambient));
    TRY(out.print("NoNewPrivs:\t{}\nSeccomp:\t0\nSeccomp_filters:\t0\nCpus_allowed:\t", s.no_new_privileges ? 1 : 0));
    u64 cpus = s.affinity & task::online_cpus();
    TRY(out.print("{:x}\nCpus_allowed_list:\t", cpus));
    bool first = true;
    for (u32 cpu = 0; cpu < arch::max_cpus; ++cpu) {
        if (!(cpus >> cpu & 1)) continue;
        u32 last = cpu;
        while (last + 1 < arch::max_cpus && cpus >> (last + 1) & 1) ++last;
        if (!first) TRY(out.write(","));
        if (last == cpu) TRY(out.print("{}", cpu));
        else TRY(out.print("{}-{}", cpu, last));
        first = false;
        cpu = last;
    }
    return out.print("\nMems_allowed:\t1\nMems_allowed_list:\t0\nvoluntary_ctxt_switches:\t{}\nnonvoluntary_ctxt_switches:\t{}\n", s.voluntary,
                     s.involuntary);
}

Result<void> show_limits(const Subject& subject, TextSink& out) {
    struct Row {
        std::string_view name, unit;
        Resource resource;
    };
    constexpr Row rows[] = {
        {"Max cpu time", "seconds", limit_cpu}, {"Max file size", "bytes", limit_file_size}, {"Max data size", "bytes", limit_data},
        {"Max stack size", "bytes", limit_stack}, {"Max core file size", "bytes", limit_core}, {"Max resident set", "bytes", limit_resident},
        {"Max processes", "processes", limit_processes}, {"Max open files", "files", limit_files}, {"Max locked memory", "bytes", limit_locked},
        {"Max address space", "bytes", limit_address_space}, {"Max file locks", "locks", limit_locks}, {"Max pending signals", "signals", limit_signals},
        {"Max msgqueue size", "bytes", limit_queues}, {"Max nice priority", "", limit_nice}, {"Max realtime priority", "", limit_realtime_priority},
        {"Max realtime timeout", "us", limit_realtime_time},
    };
    auto process = TRY(subject.process());
    auto put = [&](std::string_view text, std::size_t width) -> Result<void> {
        TRY(out.write(text));
        while (width-- > text.size()) TRY(out.write(" "));
        return {};
    };
    auto put_limit = [&](u64 value) {
        char digits[24];
        return put(value == Limit::infinite ? std::string_view("unlimited") : format_to(digits, "{}", value), 21);
    };
    TRY(out.write("Limit                     Soft Limit           Hard Limit           Units     \n"));
    for (auto& row : rows) {
        auto limit = process->limit(row.resource);
        TRY(put(row.name, 26));
        TRY(put_limit(limit.soft));
        TRY(put_limit(limit.hard));
        TRY(put(row.unit, 10));
        TRY(out.write("\n"));
    }
    return {};
}

}  // namespace spore::linux::proc
