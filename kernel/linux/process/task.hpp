// A task: one thread of a program, with what Linux keeps per thread.
#pragma once

#include "kernel/core/trace.hpp"
#include "kernel/linux/process/file_table.hpp"
#include "kernel/linux/process/place.hpp"
#include "kernel/linux/signal/signals.hpp"
#include "kernel/memory/address_space.hpp"
#include "kernel/sync/count.hpp"
#include "kernel/task/thread.hpp"

namespace spore::linux {

class Process;
struct RingLinks;
struct TaskRings;

/// Whose child a new process is: its maker's, or that one's parent's (CLONE_PARENT).
enum class Parentage : u8 { child, sibling };
struct Maker;

/// How a process ended, as wait4 tells it: low 7 bits the signal, or bits 8 … 15 the exit status.
struct WaitStatus {
    u32 word = 0;
    static constexpr WaitStatus exited(i32 status) { return {(static_cast<u32>(status) & 0xff) << 8}; }
    static constexpr WaitStatus killed(i32 signal, bool core) { return {static_cast<u32>(signal) | (core ? 0x80u : 0u)}; }
    static constexpr WaitStatus stopped(i32 signal) { return {static_cast<u32>(signal) << 8 | 0x7f}; }
    static constexpr WaitStatus continued() { return {0xffff}; }
    constexpr bool was_killed() const { return (word & 0x7f) != 0; }
    constexpr i32 signal() const { return static_cast<i32>(word & 0x7f); }
    constexpr i32 exit_status() const { return static_cast<i32>(word >> 8 & 0xff); }
};

/// Processor time and page faults, for getrusage and wait4; what was read and written, for /proc/PID/io.
struct Usage {
    Duration user, system;
    u64 reads = 0, read_bytes = 0, writes = 0, written_bytes = 0;
    u64 minor_faults = 0, major_faults = 0, peak_resident_bytes = 0, voluntary_switches = 0, involuntary_switches = 0;
    void operator+=(const Usage& other);
};

/// As sched_setscheduler sets them. `policy` is one of the SCHED_ numbers.
struct Policies {
    i32 policy = 0;
    i32 priority = 0;
    bool reset_on_fork = false;
};

/// As set_mempolicy sets it: a mode with its flags, and the nodes that were named. There is one node, which all memory is of.
struct MemoryPolicy {
    u16 mode = 0;
    u64 nodes = 0;
};

/// What a new task shares with the one that makes it.
struct TaskParts {
    Shared<Process> process;
    Shared<memory::AddressSpace> memory;
    Shared<FileTable> files;
    Shared<Place> place;
    u64 space_number = 0;  ///< of a task with the same memory; 0: a new one
};

class Task final : public Counted, public task::ThreadOwner {
public:
    /// Not yet among the process's tasks, nor running. `entry` is run on the task's kernel stack.
    static Result<Shared<Task>> create(TaskParts parts, void (*entry)(void*));
    ~Task();

    i32 id() const { return id_; }
    /// The process's number, kept here for getpid.
    i32 process_id() const { return process_id_; }
    Process& process() const { return *process_; }
    memory::AddressSpace& memory() const { return *memory_; }
    FileTable& files() const { return *files_; }
    Place& place() const { return *place_; }
    const Shared<FileTable>& shared_files() const { return files_; }
    const Shared<Place>& shared_place() const { return place_; }
    void set_files(Shared<FileTable> files) { exchange(files_, std::move(files)); }
    void set_place(Shared<Place> place) { exchange(place_, std::move(place)); }
    /// The same for any other task to look at (/proc); null when the task is on its way out.
    Shared<FileTable> files_seen_by_others() const { return copy_of(files_); }
    Shared<Place> place_seen_by_others() const { return copy_of(place_); }
    /// Makes another address space this task's, now (the task is current), and gives up the former.
    void change_memory(Shared<memory::AddressSpace> memory);
    /// Lets go of the address space at the end of the task: from here on it is in the kernel only.
    void leave_memory();
    /// The running thread itself; valid until ended().
    task::Thread& thread() const { return *thread_; }
    bool is_main() const;

    /// Makes the task look at its signals before it continues program code; ends its interruptible waits.
    void demand_attention();
    /// True when leave_to_program has something to do: look at signals, or at what a switch to the task asks for.
    bool wants_attention() const { return attention().load(std::memory_order_acquire); }
    /// The same, but for signals and what else ends waits.
    bool wants_signals() const { return signals_.load(std::memory_order_acquire); }
    void set_attention() {
        signals_.store(true, std::memory_order_relaxed);
        attention().store(true, std::memory_order_release);
    }
    /// Before looking at what asked for it: what comes later sets it again. True when it may have been for signals.
    bool take_attention() {
        attention().store(false, std::memory_order_seq_cst);
        return signals_.exchange(false, std::memory_order_acq_rel);
    }
    /// The task was switched to, or a barrier asks it to begin anew, since it last ran program code: rseq.hpp. Any CPU.
    void notice_switch() {
        switched_.store(true, std::memory_order_relaxed);
        attention().store(true, std::memory_order_release);
    }
    bool take_switch() { return switched_.exchange(false, std::memory_order_acq_rel); }
    Usage usage() const;

    /// Starts a task that create() made and attach() announced. Its first act is `entry`.
    void start();
    /// Records that it has begun, or is called otherwise from now on: by another name, or after exec by another number.
    void trace(core::TracePoint point);
    /// A started task's entry: leaves for the program with the frame that was prepared.
    static void continue_program(void* task);

    // ThreadOwner
    void activate() override;
    void ended() override;
    void switched_to() override { notice_switch(); }

    ListLink<Task> process_link;    ///< tree()
    ListLink<Task> number_link;     ///< tree()

    // Guarded by the process's signal_lock; `blocked` is written by the task itself only.
    SignalSet blocked;
    PendingSignals pending;
    SignalSet awaited;              ///< sigtimedwait waits for these, blocked or not

    Policies scheduling;            ///< tree_lock()
    u16 io_priority = 0;            ///< tree_lock(); a class and a level, as ioprio_set has them

    // The task's own.
    SignalSet saved_blocked;        ///< sigsuspend, ppoll: to restore when the handler's frame is made
    bool has_saved_blocked = false;
    SignalStack signal_stack;
    VirtAddr clear_child_id{}, set_child_id{};
    VirtAddr robust_list{};
    u64 robust_list_size = 0;
    VirtAddr rseq_area{};
    u32 rseq_size = 0, rseq_signature = 0, rseq_cpu = 0;
    std::atomic<u64> minor_faults = 0, major_faults = 0;  ///< read by others, too
    /// Calls that read or wrote files, whatever came of it.
    struct Transfers {
        std::atomic<u64> calls = 0, bytes = 0;
        void count(const Result<u64>& moved) {
            sync::count(calls);
            if (moved) sync::count(bytes, *moved);
        }
    };
    Transfers reads, writes;
    VirtAddr fault_address{};       ///< of the last page fault that became a signal, for sigcontext
    u64 fault_code = 0;             ///< the CPU's word on the last fault that became a signal
    char name[16] = {};
    i32 parent_death_signal = 0;
    bool is_helper = false;         ///< no part of the program: does what its rings leave behind (ring/work.hpp)
    bool no_new_privileges = false;
    bool too_many_processes = false;  ///< when it became who it is: checked by execve
    u32 personality = 0;
    MemoryPolicy memory_policy;
    u64 timer_slack = 50'000, default_timer_slack = 50'000;
    /// Set while a call with a relative timeout is made again after a stop: when it is to end.
    Instant resumed_deadline = Instant::never();
    u64 resumed_call = 0, resumed_at = 0;  ///< the number and place of the call that this was the deadline of
    bool resuming = false;
    /// While an operation of a ring runs: its files, which were looked up when it was submitted (Descriptor::operand). Borrowed.
    fs::File* operands[2] = {};
    bool in_ring = false;           ///< holds a ring's mutex
    RingLinks* closed_rings = nullptr;  ///< whose files ended meanwhile
    Shared<TaskRings> rings;        ///< made when it has something to do with rings that ends with it, see ring/work.hpp
    bool limited_wait_ended = false;  ///< a signal ended a wait at a socket that has a time-out: the call is not made again

private:
    friend class Process;
    friend bool attach(Process& process, Task& task, const Maker* maker, Parentage how);
    friend void take_number_of_main(Task& task);
    Task() = default;

    template <typename T>
    void exchange(Shared<T>& own, Shared<T> other) {
        Guard guard(parts_lock_);
        std::swap(own, other);  // the former goes with `other`, after the guard
    }
    template <typename T>
    Shared<T> copy_of(const Shared<T>& own) const {
        Guard guard(parts_lock_);
        return own;
    }

    /// Held where files_ and place_ are changed, by the task, and where others read them.
    mutable sync::Spin parts_lock_;
    i32 id_ = 0, process_id_ = 0;
    std::atomic<bool> signals_ = false, switched_ = false;  ///< why it wants attention
    Shared<Process> process_;
    Shared<memory::AddressSpace> memory_;
    Shared<FileTable> files_;
    Shared<Place> place_;
    task::Thread* thread_ = nullptr;
    Owned<task::Thread> unstarted_;
};

/// The task that this thread runs. Only on program threads.
inline Task& current_task() { return static_cast<Task&>(*task::current().owner()); }
/// The same, from what the machine was given for it (arch::set_program_thread).
inline Task& task_of(void* owner) { return static_cast<Task&>(*static_cast<task::ThreadOwner*>(owner)); }

}  // namespace spore::linux
