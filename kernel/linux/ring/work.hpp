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

/// What a task has with rings. Its operations that wait hold this, too, and find in it that they are not to go on [linux] io_should_terminate_tw.
struct TaskRings final : Counted {
    /// The current task's, made when it has none.
    static Result<Shared<TaskRings>> of(Task& task);
    static constexpr u32 most = 16;
    Shared<fs::File> files[most];  ///< rings that it named by small numbers (IORING_REGISTER_RING_FDS); the task's own
    std::atomic<bool> ended = false;
    /// The task, or the program that it ran, has ended.
    void end() {
        ended.store(true, std::memory_order_release);
        for (auto& file : files) file.reset();
    }
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
    void add_locked(RingLinks& links);

    sync::Spin lock_;
    List<RingLinks, &RingLinks::work_link> busy_;  ///< each holds its ring
    List<RingLinks, &RingLinks::home_link> rings_;
    sync::WaitQueue arrived_;
    bool has_helper_ = false;
};

}  // namespace spore::linux
