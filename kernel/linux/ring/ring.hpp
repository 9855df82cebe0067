// io_uring: operations that a program puts into memory which it shares with the kernel, and completions that it finds there [io_uring(7)].
//
// An operation is tried at once, without waiting, by the function of the system call that it stands for. One that would wait hangs on the file's poll
// source, as a thread in poll() does, and is tried again when that tells of a change: by a task that waits in io_uring_enter, or by the process's helper
// (work.hpp) when there is none. What no source tells of, files on disks above all, is done before io_uring_enter returns.
//
// Locks, in order: mutex_, for requests and what is registered; a poll source's; lock_, for completions and the list of those to be tried again.
#pragma once

#include "kernel/linux/process/task.hpp"
#include "kernel/linux/ring/queues.hpp"
#include "kernel/linux/ring/registered.hpp"
#include "kernel/linux/ring/request.hpp"
#include "kernel/linux/ring/work.hpp"

namespace spore::linux::ring {

class Ring final : public Counted, public RingLinks {
public:
    /// `parameters` as the program set them; filled in for it.
    static Result<Shared<Ring>> create(Task& task, u32 entries, Parameters& parameters);
    Ring(u32 setup, Queues queues, Shared<RingWork> work) : setup_(setup), queues_(std::move(queues)), work_(std::move(work)) {}
    ~Ring();

    /// How many of at most `count` submissions were taken. would_block when there is no memory for one.
    Result<u64> submit(Task& task, u32 count);
    /// Waits until the program has `least` completions to take; interrupted, or timed_out, when there are none at all by then.
    Result<void> wait(Task& task, u32 least, Instant deadline);
    Result<u64> change(Task& task, u32 command, VirtAddr argument, u32 count);
    /// invalid, exists or bad_descriptor where the task may not use the ring, or not yet.
    Result<void> check_use(Task& task, u32 enter_flags);
    /// Tries what became ready again.
    void run_ready(Task& task);
    /// What the process's helper does for the ring.
    void help(Task& task);
    bool has_poller() const { return setup_ & setup_poller; }
    /// What was submitted is to be taken: here and now, but for another process by the helper.
    Result<void> wake_poller(Task& task);
    /// Somebody wants to hear of what is to be done for a ring whose program does that itself.
    Result<void> let_watch(Task& task);
    /// Forgets what has not ended: the ring, or the process that it works for, has.
    void drop_all();
    void close();

    /// The request is to be looked at again. Any context.
    bool make_ready(Request& request);
    /// A completion from elsewhere. no_memory, overflow.
    Result<void> post_from_outside(u64 data, i32 result, u32 flags);

    fs::Ready ready();
    fs::PollSource& source() { return source_; }
    const Queues& queues() const { return queues_; }
    Registered& registered() { return registered_; }
    bool uses_deferred() const { return setup_ & setup_deferred; }
    bool is_disabled() const { return disabled_; }

    // For operations; with the mutex held.
    struct Target {
        u64 data = 0;
        u32 flags = cancel_by_data;
        fs::File* file = nullptr;
        Operation::Kind kind = Operation::call;
        bool any_kind = true;
        static constexpr u32 cancel_by_data = 16;
    };
    /// How many were cancelled.
    u64 cancel(const Target& target, const Request* but);
    Request* find_waiting(const Target& target, const Request* but);
    void fail_waiting(Request& request, Error error) { end_waiting(request, result_of(error)); }
    /// The time-out that limits another request.
    Request* find_limit(u64 data);
    void poll_anew(Request& request);
    Result<void> arm(Request& request, Timespec span, u32 flags);

private:
    Result<Request*> new_request();
    Result<void> accept(Task& task, Request& request);
    bool begin(Task& task, Request& request);
    bool perform(Task& task, Request& request);
    bool try_again(Task& task, Request& request);
    bool try_poll(Request& request, bool at_first);
    bool begin_timeout(Request& request);
    void start_waiting(Task& task, Request& request);
    bool repeat_timeout(Request& request);
    void arm_linked(Request& request);
    Request* finish(Request& request);
    void run(Task& task, Request* request);
    void end_waiting(Request& request, i32 result);
    void queue(Task& task, Request& head);
    /// The mutex. A ring's file may have its end while a ring is used, because a request had it: that ring is cleared out afterwards.
    class Use {
    public:
        explicit Use(Ring& ring);
        ~Use();
        Use(const Use&) = delete;

    private:
        Ring& ring_;
        Task& task_;
    };
    enum class When : u8 { at_once, later };
    void settle(Task& task, When when);
    void drop_chain(Request* request);
    bool post(Request& request);
    bool post_one_of_many(Request& request);
    bool put(Request& request);
    void flush();
    void tell(When when);
    bool at_home(Task& task) const;
    void calm(Request& request);
    void recycle(Request* request);

    const u32 setup_;
    std::atomic<bool> disabled_ = false;
    std::atomic<i32> submitter_ = 0;
    std::atomic<bool> watched_ = false;
    sync::Mutex mutex_;
    Registered registered_;
    Requests waiting_, deferred_;
    Requests resumed_;      ///< to be begun, as what they were linked to has ended
    u64 active_ = 0;        ///< requests there are
    u64 counting_ = 0;      ///< time-outs that wait for completions
    Request* spare_ = nullptr;
    bool skips_ = false;    ///< a completion was asked to be left out
    u32 helper_limits_[2] = {64, 4096};  ///< as the program wants them, and as Linux would have them

    sync::Spin lock_;
    Queues queues_;
    Requests overflow_;     ///< completions that found no room
    ReadyRequests ready_;
    u32 waiters_ = 0;
    bool untold_ = false;
    u32 timeouts_posted_ = 0;
    Shared<fs::File> event_;
    bool event_for_all_ = true;
    sync::WaitQueue changed_;
    fs::PollSource source_;
    Shared<RingWork> work_;
};

}  // namespace spore::linux::ring
