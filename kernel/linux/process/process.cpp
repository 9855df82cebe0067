#include "kernel/linux/process/process.hpp"

#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/time/interval_timer.hpp"

namespace spore::linux {

void Usage::operator+=(const Usage& other) {
    user = user + other.user;
    system = system + other.system;
    reads += other.reads, read_bytes += other.read_bytes;
    writes += other.writes, written_bytes += other.written_bytes;
    minor_faults += other.minor_faults;
    major_faults += other.major_faults;
    voluntary_switches += other.voluntary_switches;
    involuntary_switches += other.involuntary_switches;
    peak_resident_bytes = std::max(peak_resident_bytes, other.peak_resident_bytes);
}

Result<Shared<Process>> Process::create() {
    auto* process = new (std::nothrow) Process;
    if (!process) return fail(Error::no_memory);
    process->started = time::now();
    return Shared<Process>::adopt(process);
}
Process::~Process() { delete timers.load(std::memory_order_relaxed); }

Shared<memory::AddressSpace> Process::memory() {
    Guard guard(lock_);
    return memory_;
}
void Process::set_memory(Shared<memory::AddressSpace> memory) {
    Guard guard(lock_);
    std::swap(memory_, memory);
}
Credentials Process::credentials() {
    Guard guard(lock_);
    return credentials_;
}
Limit Process::limit(u32 resource) {
    Guard guard(lock_);
    return limits_.of[resource];
}

namespace {
/// Groups and sessions keep theirs in use. 0 when none is left.
i32 next_number() {
    return tree().numbers.take([](auto&& mark) {
        tree().tasks.for_each([&](Task& task) { return mark(task.id()), true; });
        tree().processes.for_each([&](Process& process) { return mark(process.id()), mark(process.group), mark(process.session), true; });
    });
}
}  // namespace

bool exceeds_process_limit(Process& process, i64 more) {
    u64 soft = process.limit(limit_processes).soft;
    u32 user = process.credentials().uid;
    if (soft > u64{1} << 32 || user == 0) return false;
    i64 limit = static_cast<i64>(soft), count = more;
    tree().processes.for_each([&](Process& other) {
        if (other.credentials().uid != user) return true;
        // A main task that has ended is there until its process is.
        count += other.live_tasks + (other.main && other.main->process_link.linked ? 0 : 1);
        return count <= limit;
    });
    return count > limit;
}

bool attach(Process& process, Task& task, const Maker* maker, Parentage how) {
    TreeGuard guard(tree_lock());
    if (maker && !maker->has_heard_all()) return false;
    // [linux] copy_process: who may do without limits may do without this one.
    auto who = process.credentials();
    bool is_first = !maker && !process.id_;
    if (!is_first && !who.may(Capability::resource) && !who.may(Capability::admin) && exceeds_process_limit(process, 1)) return false;
    i32 number = next_number();
    if (!number) return false;
    task.id_ = number;
    ++process.live_tasks;
    ++tree().task_count;
    ++tree().forks;
    task.retain();  // the tables' own; given back when the thread has ended
    tree().tasks.insert(task);
    process.tasks.push_back(task);
    task.process_id_ = process.id_ ? process.id_ : task.id_;
    if (process.id_) {
        // All tasks were told before this one was among them.
        if (process.exiting() || process.ending_others || process.stop_signal) task.demand_attention();
        return true;
    }
    process.main = &task;
    process.id_ = task.id_;
    process.retain();  // until it is reaped
    tree().processes.insert(process);
    if (!maker) {
        process.session = process.id_;
        tree().groups.put(process, process.id_);
        return true;
    }
    auto& relative = maker->process;
    tree().groups.put(process, relative.group);
    process.session = relative.session;
    Process* parent = how == Parentage::sibling && relative.parent ? relative.parent : &relative;
    process.parent = parent;
    parent->children.push_back(process);
    return true;
}

void take_number_of_main(Task& task) {
    TreeGuard guard(tree_lock());
    auto& process = task.process();
    if (process.main == &task) return;
    // The former main task has ended; if its thread is still on the way out, it must not be found by this number.
    if (Task* former = process.main; former && former->number_link.linked) tree().tasks.remove(*former);
    tree().tasks.remove(task);
    task.id_ = process.id_;
    tree().tasks.insert(task);
    process.main = &task;
}

bool Process::begin_halted_exit(WaitStatus wanted, CoreHalt& halt) {
    TreeGuard guard(tree_lock());
    if (ending_others || exiting_.exchange(true, std::memory_order_acq_rel)) return false;
    status = wanted;
    core_halt.store(&halt, std::memory_order_release);
    for (auto& task : tasks) task.demand_attention();
    resumed.wake_all();
    return true;
}

void Process::begin_exit(WaitStatus wanted) {
    TreeGuard guard(tree_lock());
    if (!exiting_.exchange(true, std::memory_order_acq_rel)) status = wanted;
    for (auto& task : tasks) task.demand_attention();
    resumed.wake_all();
}

}  // namespace spore::linux
