// The end of tasks and processes.
#include "kernel/linux/process/exit.hpp"

#include "kernel/linux/core_file/halt.hpp"
#include "kernel/linux/futex/futex.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/ring/work.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/terminal/terminal.hpp"
#include "kernel/linux/time/interval_timer.hpp"

namespace spore::linux {

namespace {

constinit void (*the_restart)() = nullptr;

using Children = List<Process, &Process::sibling>;

/// `process` lost `parent`, or is that which ends (`without`): when thereby nobody is left outside its group that could continue those who are stopped in it, they
/// are told that they were left alone, and go on [POSIX, _exit]. The tree's lock is held.
void continue_orphans(const Process& process, const Process& parent, const Process* without) {
    if (parent.group == process.group || parent.session != process.session) return;
    bool stopped = false;
    tree().groups.for_each(process.group, [&](Process& other) { return !(stopped = other.stop_signal && !other.zombie); });
    if (!stopped || !is_orphaned(process.group, without)) return;
    send_number_to_group_locked(process.group, sighup);
    send_number_to_group_locked(process.group, sigcont);
}

/// Children of a process that ends go to the nearest subreaper, or to the first process. Those that have ended and that the heir does not want to know of go
/// into `unwanted`, to be reaped. The tree's lock is held.
void hand_over_children(Process& process, Children& unwanted) {
    Process* heir = process.parent;
    while (heir && !heir->subreaper && !heir->is_first()) heir = heir->parent;
    if (!heir && !process.is_first()) heir = tree().processes.find(1);
    while (Process* child = process.children.pop_front()) {
        child->parent = heir;
        for (auto& task : child->tasks)
            if (task.parent_death_signal) send_number_locked(task, task.parent_death_signal);
        if (!heir) continue;  // the first process ends, and the machine with it
        child->exit_signal = sigchld;  // [linux] reparent_leader: an heir is told in the usual way
        if (child->zombie && parent_ignores_children(*heir)) {
            child->parent = nullptr;
            unwanted.push_back(*child);
        } else {
            heir->children.push_back(*child);
            if (child->zombie) heir->child_changed.wake_all();
        }
        continue_orphans(*child, process, nullptr);
    }
}

/// The last task of a process is on its way out: the process becomes a zombie, or vanishes when nobody waits for it.
void end_process(Task& task) {
    auto& process = task.process();
    task.set_place(nullptr);
    if (process.session == process.id()) terminal::session_leader_ended(process);
    Shared<Process> parent;
    Children unwanted;
    bool vanish = false;
    auto status = process.status;
    auto info = SignalInfo::child(status.was_killed() ? ((status.word & 0x80) ? cld_dumped : cld_killed) : cld_exited, process.id(),
                                  process.credentials().uid, status.was_killed() ? status.signal() : status.exit_status(),
                                  ticks(process.dead_tasks.user), ticks(process.dead_tasks.system));
    auto entry = make_entry(info);  // what is left of it goes after the lock
    {
        TreeGuard guard(tree_lock());
        hand_over_children(process, unwanted);
        if (process.parent) parent = Shared<Process>(*process.parent), continue_orphans(process, *parent, &process);
        vanish = !process.parent ? !process.is_first() : process.exit_signal == sigchld && parent_ignores_children(*process.parent);
        process.zombie = true;
        process.being_reaped = vanish;
        // What it used is added to nobody's account: only who waits for a child takes that over [getrusage(2)].
        if (vanish && parent) parent->children.remove(process), process.parent = nullptr;
        if (process.borrows_memory) process.borrows_memory = false, process.vfork_done.wake_all();
        // The parent that finds the child ended has its signal already: it does not come while it waits for the next one.
        if (parent && process.exit_signal && is_signal(process.exit_signal)) {
            info.number = process.exit_signal;
            if (entry) entry->info = info;
            send_to_process_locked(*parent, info, entry);
        }
        if (parent && !vanish) parent->child_changed.wake_all();
    }
    process.poll_source.notify(fs::Ready::in);
    while (Process* child = unwanted.pop_front()) reap(*child);
    if (vanish) reap(process);
    if (parent && vanish) {  // it may have been the last that a wait was for
        TreeGuard guard(tree_lock());
        parent->child_changed.wake_all();
    }
}

}  // namespace

void tell_program_of_end(Task& task) {
    // Locks that nobody else will release come first [linux] robust-futexes.
    leave_robust_list(task);
    if (!task.clear_child_id.value) return;
    u32 zero = 0;
    if (arch::copy_to_program(task.clear_child_id, &zero, sizeof zero)) wake_futex(task, task.clear_child_id);
    task.clear_child_id = {};
}

u64 ticks(Duration time) { return static_cast<u64>(time.nanoseconds / 10'000'000); }

void set_restart(void (*restart)()) { the_restart = restart; }
void end_machine(WaitStatus status) {
    if (auto first = find_process(1); first && first->starter) first->starter->ended(status);
}
void restart_machine() {
    if (the_restart) the_restart();
}

void reap(Process& process) {
    {
        TreeGuard guard(tree_lock());
        if (!process.number_link.linked) return;
        tree().processes.remove(process);
        tree().groups.remove(process);
        // Its last task may still be on the way out: it is not found by a number that is free.
        if (Task* last = process.main; last && last->number_link.linked) tree().tasks.remove(*last);
        if (process.parent && process.sibling.linked) {
            process.parent->dead_children += process.dead_tasks;
            process.parent->dead_children += process.dead_children;
            process.parent->children.remove(process);
        }
        process.parent = nullptr;
    }
    (void)Shared<Process>::adopt(&process);
}

void end_vfork(Process& process) {
    TreeGuard guard(tree_lock());
    if (!process.borrows_memory) return;
    process.borrows_memory = false;
    process.vfork_done.wake_all();
}

void exit_task(Task& task, WaitStatus status) {
    auto& process = task.process();
    if (process.core_halt.load(std::memory_order_acquire)) stand_still(task);
    if (task.rings) task.rings->end();  // before anybody can hear that the task has ended [linux] do_exit
    tell_program_of_end(task);
    bool last, only_helpers;
    {
        TreeGuard guard(tree_lock());
        process.tasks.remove(task);
        pass_on_signals(task, ~task.blocked | task.awaited);
        process.dead_tasks += task.usage();
        if (task.is_helper) --process.helpers;
        last = --process.live_tasks == 0;
        only_helpers = !last && process.live_tasks == process.helpers && !process.exiting();
        // A process whose tasks all ended by exit(2) has the status of the last one.
        if (last && !process.exiting()) process.status = status;
        process.tasks_changed.wake_all();
        if (&task != process.main && task.number_link.linked) tree().tasks.remove(task);
    }
    if (only_helpers) process.begin_exit(status);  // the program has ended, and they end with it
    task.set_files(nullptr);
    if (last) {
        if (auto* work = process.ring_work.exchange(nullptr)) work->end(*work, RingWork::End::process);
        stop_timers(process);
        process.semaphore_undos.perform(process.id());
        auto use = process.memory()->use();
        process.dead_tasks.peak_resident_bytes = use.peak_resident_bytes;
        if (process.starter) process.starter->ended(process.status);
    }
    // Off the program's memory, so that it can go while the process waits to be reaped.
    task.leave_memory();
    if (last) {
        process.set_memory(nullptr);
        Shared<fs::File> file;
        {
            Guard guard(process.image_lock);
            std::swap(process.image.file, file);
        }
        file.reset();
        end_process(task);
    }
    task::end();
}

void exit_process(Task& task, WaitStatus status) {
    task.process().begin_exit(status);
    exit_task(task, status);
}

}  // namespace spore::linux
