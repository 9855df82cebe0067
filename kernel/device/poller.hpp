// Work that device interrupts leave behind. An interrupt handler schedules a job on its CPU and returns; the job runs a moment later, with the
// stack of a thread that is about to leave the kernel, or of the idle loop: no lock is held there, and interrupts stay off. Jobs must not
// sleep. A job that has more to do than its budget comes again after the program had a turn, so that a flood cannot stop programs.
//
// An idle CPU asks its resident jobs whether there is something to do before it sleeps: a queue whose interrupts are off is seen then.
#pragma once

#include "base/list.hpp"
#include "base/types.hpp"

namespace spore::device {

class PollJob {
public:
    /// Does up to `budget` units of work (packets, completions). True when it could go on; then it is called again.
    virtual bool poll(u32 budget) = 0;
    /// The CPU has nothing else to do and will sleep: true when there is work now. With false, an interrupt must come for later work.
    virtual bool before_sleep() { return false; }
    /// A program asks what has happened: now is a good time to look. In its thread, where no lock is held.
    virtual void before_wait() {}

    /// Within poll(): the idle loop calls, and will ask before_sleep() before anything else happens or once programs have run. Else a program
    /// goes on next, maybe for long: what happens meanwhile needs an interrupt.
    static bool idle();

    /// Runs poll() on this CPU, soon. From interrupts too. Harmless when it is scheduled already. A job belongs to one CPU at a time.
    void schedule();
    /// Lets this CPU's idle loop call before_sleep(), for ever.
    void reside();

protected:
    PollJob() = default;
    PollJob(const PollJob&) = delete;
    /// On the CPU that it belongs to.
    ~PollJob();

private:
    friend class Poller;
    ListLink<PollJob> scheduled_link_;
    ListLink<PollJob> resident_link_;
};

/// Gives every job that is scheduled on this CPU a turn; true when some could go on. The scheduler calls it; so do tests without one.
bool run_scheduled_jobs();

/// A program is about to wait for events (epoll_wait, poll): this CPU's resident jobs look first. A program that always has something to do
/// never lets its CPU idle; so what came is seen without an interrupt all the same.
void look_before_wait();
/// How many of the `most` events that it takes it should get. Few while it answers over a device: a server that reads all requests before it writes the
/// first answer keeps its peers and the device idle meanwhile, and they keep it idle afterwards; with few at a time all work at once.
u64 events_at_once(u64 most);
/// It got this many events, and will probably wait again when it has dealt with them.
void expect_wait(u32 events);
/// A device has something to send: whether to tell it can be put off until before_wait(), for once, since the program has other events to deal with
/// before. Who puts off sees to it that it does not take too long.
bool put_off();

/// Connects the jobs to the scheduler. Once, before the first job.
void start_poller();

}  // namespace spore::device
