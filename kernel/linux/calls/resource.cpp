// Resource use and limits, and prctl.
#include "arch/registers.hpp"
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/capability.hpp"
#include "kernel/linux/calls/usage.hpp"
#include "kernel/linux/calls/with_task.hpp"
#include "kernel/linux/process/exit.hpp"
#include "kernel/linux/process/memory_limits.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/time/interval_timer.hpp"

namespace spore::linux {

Usage cpu_usage_of(Process& process) {
    TreeGuard guard(tree_lock());
    Usage usage = process.dead_tasks;
    for (auto& task : process.tasks) usage += task.usage();
    return usage;
}

Usage usage_of(Process& process) {
    Usage usage = cpu_usage_of(process);
    if (auto memory = process.memory()) usage.peak_resident_bytes = std::max(usage.peak_resident_bytes, memory->use().peak_resident_bytes);
    return usage;
}

namespace calls {

Result<u64> getrusage(Task& task, i32 who, UserOut<UserUsage> result) {
    enum Who : i32 { self = 0, children = -1, thread = 1 };
    switch (who) {
    case self: TRY(result.write(to_user_usage(usage_of(task.process())))); return 0;
    case thread: TRY(result.write(to_user_usage(task.usage()))); return 0;
    case children: {
        Usage usage;
        {
            TreeGuard guard(tree_lock());
            usage = task.process().dead_children;
        }
        TRY(result.write(to_user_usage(usage)));
        return 0;
    }
    default: return fail(Error::invalid);
    }
}
Result<u64> times(Task& task, UserOut<u64> result) {
    auto own = usage_of(task.process());
    Usage children;
    {
        TreeGuard guard(tree_lock());
        children = task.process().dead_children;
    }
    if (result) {
        const u64 all[] = {ticks(own.user), ticks(own.system), ticks(children.user), ticks(children.system)};
        TRY(result.write_all(all));
    }
    return time::now().nanoseconds / 10'000'000;
}

namespace {

Result<void> change_limit(Task& task, Process& process, u32 resource, Limit wanted) {
    constexpr u64 most_files = 1 << 20;
    if (wanted.soft > wanted.hard) return fail(Error::invalid);
    if (resource == limit_files && wanted.hard > most_files) return fail(Error::not_permitted);
    bool privileged = task.process().credentials().may(Capability::resource);
    TRY(process.change_limits([&](Limits& limits) -> Result<void> {
        if (wanted.hard > limits.of[resource].hard && !privileged) return fail(Error::not_permitted);
        limits.of[resource] = wanted;
        return {};
    }));
    if (resource == limit_cpu) TRY(watch_cpu_limit(process));
    if (resource == limit_address_space || resource == limit_data || resource == limit_stack)
        if (auto memory = process.memory()) limit_memory(process, *memory);
    return {};
}

}  // namespace

Result<u64> prlimit64(Task& task, i32 pid, u32 resource, UserIn<Limit> limit, UserOut<Limit> old) {
    if (resource >= resource_count) return fail(Error::invalid);
    auto process = pid == 0 ? Shared<Process>(task.process()) : find_process(pid);
    if (!process) return fail(Error::no_process);
    if (!may_limit(task.process(), *process)) return fail(Error::not_permitted);
    auto before = process->limit(resource);
    if (limit) TRY(change_limit(task, *process, resource, TRY(limit.read())));
    if (old) TRY(old.write(before));
    return 0;
}
Result<u64> getrlimit(Task& task, u32 resource, UserOut<Limit> result) { return prlimit64(task, 0, resource, {}, result); }
Result<u64> setrlimit(Task& task, u32 resource, UserIn<Limit> limit) { return prlimit64(task, 0, resource, limit, {}); }

namespace {
enum Prctl : i32 {
    set_death_signal = 1, get_death_signal = 2, get_dumpable = 3, set_dumpable = 4, get_keep_capabilities = 7, set_keep_capabilities = 8,
    set_name = 15, get_name = 16, get_seccomp = 21, capability_bound_read = 23, capability_bound_drop = 24, get_timing = 13,
    set_timing = 14, get_counter_access = 25, set_counter_access = 26, get_secure_bits = 27, set_secure_bits = 28,
    set_timer_slack = 29, get_timer_slack = 30, set_subreaper = 36, get_subreaper = 37, set_no_new_privileges = 38, get_no_new_privileges = 39,
    get_tid_address = 40, set_huge_pages_off = 41, get_huge_pages_off = 42, capability_ambient = 47, renew_pointer_keys = 54, set_memory_name = 0x53564d41,
};
constexpr i32 counter_enabled = 1;  // PR_TSC_ENABLE
}  // namespace

Result<u64> prctl(Task& task, i32 option, u64 second, u64 third, u64 fourth, u64 fifth) {
    switch (option) {
    case set_death_signal:
        if (second && !is_signal(static_cast<i32>(second))) return fail(Error::invalid);
        task.parent_death_signal = static_cast<i32>(second);
        return 0;
    case get_death_signal: TRY(UserOut<i32>{{second}}.write(task.parent_death_signal)); return 0;
    case get_dumpable: return static_cast<u64>(task.process().dumpable.load(std::memory_order_relaxed));
    case set_dumpable:
        if (second > 1) return fail(Error::invalid);
        task.process().dumpable.store(second ? Dumpable::yes : Dumpable::no, std::memory_order_relaxed);
        return 0;
    case get_keep_capabilities: return task.process().credentials().capabilities.applies(SecureBit::keep);
    case set_keep_capabilities:
        if (second > 1) return fail(Error::invalid);
        return task.process().change_credentials([&](Credentials& who) -> Result<u64> {
            constexpr u64 bit = static_cast<u64>(SecureBit::keep);
            auto& own = who.capabilities;
            return own.set_secure(second ? own.secure | bit : own.secure & ~bit) ? Result<u64>(0) : fail(Error::not_permitted);
        });
    case set_name: {
        char name[16];
        // The name ends at its zero, or is cut; what follows the zero need not be there.
        auto length = arch::program_string_length({second}, sizeof name);
        if (!length && length.error() != Error::name_too_long) return fail(length.error());
        u64 size = length ? *length : sizeof name - 1;
        TRY(arch::copy_from_program(name, {second}, size));
        std::ranges::fill(task.name, '\0');
        std::copy_n(name, size, task.name);
        task.trace(core::TracePoint::thread_name);
        return 0;
    }
    case get_name: TRY(arch::copy_to_program({second}, task.name, sizeof task.name)); return 0;
    case get_seccomp: return 0;
    case capability_bound_read: return bound_capabilities(task, second, BoundAction::read);
    case capability_bound_drop: return bound_capabilities(task, second, BoundAction::drop);
    case get_secure_bits: return task.process().credentials().capabilities.secure;
    case set_secure_bits:
        return task.process().change_credentials([&](Credentials& who) -> Result<u64> {
            bool may = who.may(Capability::set_capabilities) && who.capabilities.set_secure(second);
            return may ? Result<u64>(0) : fail(Error::not_permitted);
        });
    case get_timing: return 0;
    case set_timing:  // PR_TIMING_STATISTICAL is all there is
        if (second) return fail(Error::invalid);
        return 0;
    case get_counter_access: TRY(UserOut<i32>{{second}}.write(counter_enabled)); return 0;
    case set_counter_access:
        if (second != counter_enabled) return fail(Error::invalid);
        return 0;
    case set_timer_slack: task.timer_slack = second ? second : task.default_timer_slack; return 0;
    case get_timer_slack: return task.timer_slack;
    case set_subreaper: {
        TreeGuard guard(tree_lock());
        task.process().subreaper = second != 0;
        return 0;
    }
    case get_subreaper: TRY(UserOut<i32>{{second}}.write(task.process().subreaper)); return 0;
    case set_no_new_privileges:
        if (second != 1 || third || fourth || fifth) return fail(Error::invalid);
        task.no_new_privileges = true;
        return 0;
    case get_no_new_privileges:
        if (second || third || fourth || fifth) return fail(Error::invalid);
        return task.no_new_privileges;
    case get_tid_address: TRY(UserOut<u64>{{second}}.write(task.clear_child_id.value)); return 0;
    case set_huge_pages_off:
    case get_huge_pages_off:
        if (third || fourth || fifth || (option == get_huge_pages_off && second)) return fail(Error::invalid);
        return 0;
    case capability_ambient: return change_ambient(task, second, third, fourth, fifth);
    case renew_pointer_keys:
        if (third || fourth || fifth) return fail(Error::invalid);
        TRY(arch::renew_program_keys(*task.thread().program_state(), second));
        return 0;
    default: return fail(Error::invalid);
    }
}

Result<u64> personality(Task& task, u32 wanted) {
    u32 before = task.personality;
    if (wanted != 0xffff'ffff) task.personality = wanted;
    return before;
}

Result<u64> unshare(Task& task, Flags flags) {
    constexpr u32 fs_flag = 0x200, files_flag = 0x400, sysvsem = 0x40000;
    if (flags & ~(fs_flag | files_flag | sysvsem)) return fail(Error::invalid);
    if ((flags & files_flag) && task.shared_files()->owners() > 1) task.set_files(TRY(task.files().copy()));
    if ((flags & fs_flag) && task.shared_place()->owners() > 1) task.set_place(TRY(task.place().copy()));
    return 0;
}

}  // namespace calls
}  // namespace spore::linux
