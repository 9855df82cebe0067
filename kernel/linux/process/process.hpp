// A process: the tasks that share an address space and signal handlers, its place among other processes, and how it ended.
//
// Locks, in the order in which they are taken: the tree's lock guards who is whose child, the lists of tasks and the tables of
// numbers; a process's signal lock guards what is pending for it and its tasks, and their masks. Both are short; memory is
// allocated and freed outside of them.
#pragma once

#include "kernel/linux/ipc/undo.hpp"
#include "kernel/linux/process/credentials.hpp"
#include "kernel/linux/process/task.hpp"
#include "kernel/time/timer.hpp"

namespace spore::linux {

/// Who had a process started from outside, instead of by fork.
class Starter : public Counted {
public:
    virtual ~Starter() = default;
    /// The process has ended. On the stack of its last task, which may sleep; its files are closed. Of the first process also the machine, at the request of
    /// whichever task calls this, which does not come back.
    virtual void ended(WaitStatus status) = 0;
};

/// What the process's image is; replaced by execve.
struct ImageInfo {
    SmallText path;                     ///< /proc/self/exe's target
    Shared<fs::File> file;
    VirtAddr arguments{}, arguments_end{}, environment{}, environment_end{};
    VirtAddr auxiliary{}, auxiliary_end{};
    VirtAddr code{}, code_end{}, stack{};
    VirtAddr signal_return{};           ///< where handlers return to that name no place of their own
};

struct CoreHalt;
struct ProcessTimers;
struct RingWork;

/// Whether a process leaves core files, and who may read them [prctl(2), PR_SET_DUMPABLE].
enum class Dumpable : u8 { no = 0, yes = 1, by_root = 2 };
/// What core files show, as /proc/PID/coredump_filter has it: private and shared anonymous memory, the beginnings of ELF files, large private pages.
inline constexpr u32 default_core_filter = 0x33, every_core_filter = 0x1ff;

class Process final : public Counted {
public:
    static Result<Shared<Process>> create();
    ~Process();

    i32 id() const { return id_; }
    bool is_first() const { return id_ == 1; }
    Shared<memory::AddressSpace> memory();
    void set_memory(Shared<memory::AddressSpace> memory);

    Credentials credentials();
    template <typename F>
    auto change_credentials(F&& f) {
        Guard guard(lock_);
        return f(credentials_);
    }
    Limit limit(u32 resource);
    template <typename F>
    auto change_limits(F&& f) {
        Guard guard(lock_);
        return f(limits_);
    }

    /// Ends the whole process: the other tasks end when they next leave the kernel. Only the first caller's status counts.
    void begin_exit(WaitStatus status);
    /// The same, but that the other tasks wait at their end for `halt` to go, so that they can be looked at (core_file/halt.hpp). False when the process ends
    /// already, or makes room for execve.
    bool begin_halted_exit(WaitStatus status, CoreHalt& halt);
    bool exiting() const { return exiting_.load(std::memory_order_acquire); }

    // Guarded by tree().
    Process* parent = nullptr;    ///< null: started from outside
    i32 group = 0, session = 0;   ///< the group is set by the tree's table of them
    ListLink<Process> sibling;
    ListLink<Process> number_link, group_link;
    List<Process, &Process::sibling> children;
    List<Task, &Task::process_link> tasks;
    Task* main = nullptr;         ///< the first; it may have ended while others go on
    u32 live_tasks = 0;
    Task* ending_others = nullptr;  ///< in execve, which all other tasks make room for by ending
    i32 exit_signal = sigchld;      ///< what the parent is sent at the end; 0: nothing
    bool zombie = false;
    bool being_reaped = false;      ///< a wait has it
    bool stop_reported = true, continue_reported = true;
    bool continue_untold = false;   ///< goes on after a stop, of which the parent has yet to be sent word
    bool executed = false;          ///< has called execve since fork (setpgid's rule)
    bool subreaper = false;
    WaitStatus status;              ///< valid for zombies
    Usage dead_tasks, dead_children;
    sync::WaitQueue child_changed;  ///< with tree(): a child ended, stopped or continued
    sync::WaitQueue resumed;        ///< with tree(): stop_signal became 0, or the process is exiting, or all tasks but one are to end
    sync::WaitQueue tasks_changed;  ///< with tree(): live_tasks fell
    sync::WaitQueue vfork_done;     ///< with tree(): borrows_memory became false
    bool borrows_memory = false;    ///< made by vfork and still in its parent's memory
    std::atomic<u32> common_signals = 0;  ///< how often it was sent a signal that went to others, too
    fs::PollSource poll_source;     ///< pidfd: hears of the end
    Instant started;

    // Changed with tree() and signal_lock held, looked at by any task on its way to its program.
    std::atomic<i32> stop_signal = 0;  ///< non-zero: stopped by it

    // Guarded by signal_lock.
    sync::Spin signal_lock;
    PendingSignals pending;
    Shared<SignalHandlers> handlers;
    fs::PollSource signal_arrived;  ///< signalfd

    ImageInfo image;                ///< changed by execve only, when there is one task, and then under image_lock
    sync::Spin image_lock;          ///< for other processes that look at `image`
    SmallText command_name;
    ipc::Undos semaphore_undos;
    std::atomic<RingWork*> ring_work = nullptr;  ///< made with its first ring, see ring/work.hpp
    u32 helpers = 0;                ///< tree_lock(): of live_tasks, those that do its rings' work
    std::atomic<ProcessTimers*> timers = nullptr;  ///< owned; see time/interval_timer.hpp
    Shared<Starter> starter;        ///< not changed after the start; null for a child
    std::atomic<i32> kill_score = 0;  ///< /proc's oom_score_adj
    std::atomic<Dumpable> dumpable = Dumpable::yes;
    std::atomic<u32> core_filter = default_core_filter;
    std::atomic<CoreHalt*> core_halt = nullptr;  ///< changed with tree(): its tasks stand still, while one of them writes a core file
    std::atomic<u32> barriers = 0;    ///< membarrier's commands that the process registered for

private:
    friend class Task;
    friend bool attach(Process& process, Task& task, const Maker* maker, Parentage how);
    friend void take_number_of_main(Task& task);
    Process() = default;

    sync::Spin lock_;
    i32 id_ = 0;
    Shared<memory::AddressSpace> memory_;
    Credentials credentials_;
    Limits limits_ = Limits::defaults();
    std::atomic<bool> exiting_ = false;
};

}  // namespace spore::linux
