// Finding processes and threads by number. Not with the rest of process.cpp, which is made to be small: each signal to a thread comes here.
#include "kernel/linux/process/tree.hpp"

namespace spore::linux {

namespace {
constinit sync::Spin the_tree_lock;
constinit Tree the_tree;

Shared<Process> share(Process* process) { return process && process->try_retain() ? Shared<Process>::adopt(process) : nullptr; }
Shared<Task> share(Task* task) { return task && task->try_retain() ? Shared<Task>::adopt(task) : nullptr; }
}  // namespace

sync::Spin& tree_lock() { return the_tree_lock; }
Tree& tree() { return the_tree; }

Shared<Process> find_process(i32 id) {
    TreeGuard guard(tree_lock());
    return share(tree().processes.find(id));
}
Shared<Process> next_process(i32 id) {
    TreeGuard guard(tree_lock());
    return share(tree().processes.next(id));
}
void trace_tasks() {
    TreeGuard guard(tree_lock());
    tree().tasks.for_each([](Task& task) {
        task.trace(core::TracePoint::thread_name);
        return true;
    });
}
Shared<Process> next_in_group(i32 id, i32 group) {
    TreeGuard guard(tree_lock());
    Process* best = nullptr;
    tree().groups.for_each(group, [&](Process& member) {
        if (member.id() >= id && (!best || member.id() < best->id())) best = &member;
        return true;
    });
    return share(best);
}
bool is_orphaned(i32 group, const Process* without) {
    bool orphaned = true;
    tree().groups.for_each(group, [&](Process& process) {
        if (&process == without || process.zombie || !process.parent) return true;
        return orphaned = process.parent->group == group || process.parent->session != process.session;
    });
    return orphaned;
}
Shared<Task> find_task(i32 id) {
    TreeGuard guard(tree_lock());
    return share(tree().tasks.find(id));
}

}  // namespace spore::linux
