// Files that are events.
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/calls/with_task.hpp"
#include "kernel/linux/event/event_file.hpp"
#include "kernel/linux/event/memory_file.hpp"
#include "kernel/linux/event/signal_file.hpp"
#include "kernel/linux/event/timer_file.hpp"
#include "kernel/linux/proc/subject.hpp"
#include "kernel/linux/process/pidfd.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/time/clock.hpp"
#include "kernel/linux/uapi/open.hpp"

namespace spore::linux::calls {

namespace {

Result<u64> add_file(Task& task, Shared<fs::File> file, u32 flags) {
    return task.files().add(std::move(file), flags & o_close_on_exec ? OnExec::close : OnExec::keep, task.process().limit(limit_files).soft);
}
constexpr fs::OpenMode mode_of(u32 flags) { return {.read = true, .write = true, .nonblocking = (flags & o_nonblock) != 0}; }
constexpr u32 common_flags = o_close_on_exec | o_nonblock;

}  // namespace

Result<u64> eventfd2(Task& task, u32 initial, Flags flags) {
    constexpr u32 semaphore = 1;
    if (flags & ~(semaphore | common_flags)) return fail(Error::invalid);
    return add_file(task, TRY(make_event_file(initial, flags & semaphore ? EventCount::one : EventCount::all, mode_of(flags))), flags);
}
Result<u64> eventfd(Task& task, u32 initial) { return eventfd2(task, initial, {0}); }

Result<u64> timerfd_create(Task& task, i32 clock, Flags flags) {
    bool known = clock == clock_realtime || clock == clock_monotonic || clock == clock_boottime || clock == clock_realtime_alarm || clock == clock_boottime_alarm;
    if (!known || (flags & ~common_flags)) return fail(Error::invalid);
    return add_file(task, TRY(make_shared<TimerFile>(clock, mode_of(flags))), flags);
}

namespace {
Result<Shared<TimerFile>> timer_of(Task& task, Descriptor descriptor) {
    auto file = TRY(task.files().get(descriptor));
    if (file->kind() != fs::FileKind::timer) return fail(Error::invalid);
    return Shared<TimerFile>(static_cast<TimerFile&>(*file));
}
IntervalTimespec to_user(const TimerFile::Setting& setting) { return {Timespec::of(setting.interval), Timespec::of(setting.remaining)}; }
}  // namespace

Result<u64> timerfd_settime(Task& task, Descriptor descriptor, Flags flags, UserIn<IntervalTimespec> user, UserOut<IntervalTimespec> old) {
    auto wanted = TRY(user.read());
    if ((flags & ~u32{TimerFile::absolute | TimerFile::cancel_on_set}) || !wanted.value.valid() || !wanted.interval.valid()) return fail(Error::invalid);
    auto timer = TRY(timer_of(task, descriptor));
    auto before = timer->setting();
    bool disarm = wanted.value.duration() == Duration{};
    auto first = disarm ? Instant::never() : flags & TimerFile::absolute ? instant_of(timer->clock(), wanted.value) : time::now() + wanted.value.duration();
    TRY(timer->set(first, wanted.interval.duration(), flags));
    if (old) TRY(old.write(to_user(before)));
    return 0;
}
Result<u64> timerfd_gettime(Task& task, Descriptor descriptor, UserOut<IntervalTimespec> result) {
    auto timer = TRY(timer_of(task, descriptor));
    TRY(result.write(to_user(timer->setting())));
    return 0;
}

Result<u64> signalfd4(Task& task, Descriptor descriptor, UserIn<SignalSet> user, u64 size, Flags flags) {
    if ((flags & ~common_flags) || size != sizeof(SignalSet)) return fail(Error::invalid);
    auto mask = TRY(user.read()) & ~unblockable;
    if (descriptor.value == -1) return add_file(task, TRY(make_shared<SignalFile>(Shared(task.process()), mask, mode_of(flags))), flags);
    auto file = TRY(task.files().get(descriptor));
    if (file->kind() != fs::FileKind::signal) return fail(Error::invalid);
    static_cast<SignalFile&>(*file).set_mask(mask);
    return static_cast<u64>(descriptor.value);
}
Result<u64> signalfd(Task& task, Descriptor descriptor, UserIn<SignalSet> mask, u64 size) { return signalfd4(task, descriptor, mask, size, {0}); }

Result<u64> pidfd_open(Task& task, i32 pid, Flags flags) {
    if ((flags & ~u32{o_nonblock}) || pid <= 0) return fail(Error::invalid);
    auto process = find_process(pid);
    if (!process) return fail(find_task(pid) ? Error::invalid : Error::no_process);
    return add_file(task, TRY(make_pidfd(std::move(process), mode_of(flags))), o_close_on_exec);
}
Result<u64> pidfd_send_signal(Task& task, Descriptor descriptor, SignalNumber signal, UserIn<UserSignalInfo> user, Flags flags) {
    if (flags) return fail(Error::invalid);
    i32 number = signal.value;
    auto file = TRY(task.files().get(descriptor));
    auto process = file->kind() == fs::FileKind::process ? TRY(process_of(*file)) : TRY(proc::process_of_directory(*file));
    if (number != 0 && !is_signal(number)) return fail(Error::invalid);
    auto info = SignalInfo::from_process(number, si_user, task.process().id(), task.process().credentials().uid);
    if (user) {
        info = TRY(user.read()).info;
        if (info.number != number) return fail(Error::invalid);
        bool by_others = process->id() != task.process().id();
        if (by_others && (info.code >= 0 || info.code == si_tkill)) return fail(Error::not_permitted);
    }
    {
        TreeGuard guard(tree_lock());
        if (process->zombie && !process->number_link.linked) return fail(Error::no_process);
    }
    if (!may_signal(task.process(), *process, number)) return fail(Error::not_permitted);
    send_to_process(*process, info);
    return 0;
}
Result<u64> pidfd_getfd(Task& task, Descriptor descriptor, Descriptor wanted, Flags flags) {
    if (flags) return fail(Error::invalid);
    auto process = TRY(process_of(*TRY(task.files().get(descriptor))));
    if (!may_look_into(task.process(), *process)) return fail(Error::not_permitted);
    Shared<FileTable> files;
    {
        TreeGuard guard(tree_lock());
        if (process->zombie || !process->main) return fail(Error::no_process);
        files = process->main->files_seen_by_others();
    }
    if (!files) return fail(Error::no_process);
    return add_file(task, TRY(files->get(wanted)), o_close_on_exec);
}

Result<u64> memfd_create(Task& task, UserString user_name, Flags flags) {
    constexpr u32 close_on_exec = 1, allow_sealing = 2, no_exec_seal = 8, executable = 0x10;
    if (flags & ~(close_on_exec | allow_sealing | no_exec_seal | executable)) return fail(Error::invalid);
    if ((flags & no_exec_seal) && (flags & executable)) return fail(Error::invalid);
    constexpr std::size_t longest = 249;
    auto name = user_name.read(longest + 1);
    if (!name) return fail(name.error() == Error::name_too_long ? Error::invalid : name.error());
    u32 seals = flags & no_exec_seal ? fs::seal_executable : flags & allow_sealing ? 0 : u32{fs::seal_seal};
    auto file = TRY(make_memory_file(*name, flags & no_exec_seal ? 0666 : 0777, seals));
    return add_file(task, std::move(file), flags & close_on_exec ? u32{o_close_on_exec} : 0);
}

}  // namespace spore::linux::calls
