// The rings of a process, and the task that does what becomes possible while no task of the program waits for it: one for all of them, made when a
// first operation has to wait. It shows among the process's tasks, as Linux's does.
#pragma once

#include "kernel/linux/process/process.hpp"

namespace spore::linux {

/// A ring's places in the lists.
struct RingLinks {
    ListLink<RingLinks> work_link, home_link;
    RingLinks* next_closed = nullptr;  ///< a task's
};

struct RingWork final : Counted {
    /// The process's, made when it has none.
    static Result<Shared<RingWork>> of(Process& process);
    void join(RingLinks& ring);
    void leave(RingLinks& ring);
    /// The ring has something to do. Any context.
    void add(RingLinks& ring);
    /// no_memory, would_block when there may be no further task.
    Result<void> ensure_helper(Task& task);

    enum class End : u8 { program, process };
    /// The program that made the operations is gone: they are forgotten. Called by this, so that a kernel without rings has nothing of them.
    void (*end)(RingWork& work, End end);

private:
    static void end_work(RingWork& work, End end);
    static void help(void* task);
    RingLinks* next_busy(Task& task);

    sync::Spin lock_;
    List<RingLinks, &RingLinks::work_link> busy_;  ///< each holds its ring
    List<RingLinks, &RingLinks::home_link> rings_;
    sync::WaitQueue arrived_;
    bool has_helper_ = false;
};

}  // namespace spore::linux
