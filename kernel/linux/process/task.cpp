#include "kernel/linux/process/task.hpp"

#include "arch/entry.hpp"
#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/ring/work.hpp"

namespace spore::linux {

Result<Shared<Task>> Task::create(TaskParts parts, void (*entry)(void*)) {
    auto* made = new (std::nothrow) Task;
    if (!made) return fail(Error::no_memory);
    auto task = Shared<Task>::adopt(made);
    task->unstarted_ = TRY(task::Thread::create("program", entry, made, made));
    task->thread_ = task->unstarted_.get();
    task->process_ = std::move(parts.process);
    task->memory_ = std::move(parts.memory);
    task->files_ = std::move(parts.files);
    task->place_ = std::move(parts.place);
    task->set_space_number(parts.space_number ? parts.space_number : task::new_space_number());
    return task;
}
Task::~Task() = default;

bool Task::is_main() const { return process_->main == this; }

void Task::start() {
    trace(core::TracePoint::thread_begin);
    task::start(std::move(unstarted_));
}

void Task::trace(core::TracePoint point) {
    if (thread_) thread_->set_number(static_cast<u32>(id_));
    core::trace_thread(point, static_cast<u32>(id_), static_cast<u32>(process_id_), {name, sizeof name});
}

void Task::continue_program(void* argument) {
    auto& task = *static_cast<Task*>(argument);
    auto& frame = task.thread().program_frame();
    entry::leave_to_program(frame);
    arch::enter_program(&frame);
}

void Task::change_memory(Shared<memory::AddressSpace> memory) {
    std::swap(memory_, memory);
    set_space_number(task::new_space_number());
    task::change_space();
}

void Task::leave_memory() {
    auto last = std::move(memory_);
    set_space_number(0);
}

void Task::activate() {
    if (memory_) memory_->page_table().activate();
}

void Task::demand_attention() {
    set_attention();
    if (thread_) thread_->interrupt();
}

Usage Task::usage() const {
    Usage usage;
    if (!thread_) return usage;
    auto spent = thread_->processor_time();
    usage.user = spent.user, usage.system = spent.system;
    usage.voluntary_switches = thread_->voluntary_switches();
    usage.involuntary_switches = thread_->involuntary_switches();
    usage.reads = reads.calls.load(std::memory_order_relaxed), usage.read_bytes = reads.bytes.load(std::memory_order_relaxed);
    usage.writes = writes.calls.load(std::memory_order_relaxed), usage.written_bytes = writes.bytes.load(std::memory_order_relaxed);
    usage.minor_faults = minor_faults.load(std::memory_order_relaxed);
    usage.major_faults = major_faults.load(std::memory_order_relaxed);
    return usage;
}

/// The thread is off its CPU for good; what is left is the memory of the task.
void Task::ended() {
    {
        TreeGuard guard(tree_lock());
        thread_ = nullptr;
        if (process_->main == this) process_->main = nullptr;  // the others may go on without it
        if (number_link.linked) tree().tasks.remove(*this);
        --tree().task_count;
    }
    (void)Shared<Task>::adopt(this);
}

}  // namespace spore::linux
