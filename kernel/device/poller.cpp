#include "kernel/device/poller.hpp"

#include <algorithm>
#include <utility>

#include "kernel/core/per_cpu.hpp"
#include "kernel/task/thread.hpp"

namespace spore::device {

/// The jobs of each CPU. Touched by that CPU only, and kernel code is not interrupted: no lock.
class Poller {
public:
    static constexpr u32 budget = 64;
    /// While it answers. Fewer cost more calls than they gain.
    static constexpr u64 few_events = 6;

    struct Jobs {
        List<PollJob, &PollJob::scheduled_link_> scheduled;
        List<PollJob, &PollJob::resident_link_> resident;
        bool idle = false;
        u32 expected = 0;  ///< events that the program deals with before it waits again, but for the last
        bool sent = false;       ///< since a program waited
        bool answering = false;  ///< the same of the time before it waited last
    };

    static void schedule(Jobs& jobs, PollJob& job) {
        if (!job.scheduled_link_.linked) jobs.scheduled.push_back(job);
    }
    static void forget(Jobs& jobs, PollJob& job) {
        if (job.scheduled_link_.linked) jobs.scheduled.remove(job);
        if (job.resident_link_.linked) jobs.resident.remove(job);
    }
    /// One turn for every scheduled job; true when some could go on.
    static bool run(Jobs& jobs) {
        PollJob* last = jobs.scheduled.last();
        while (auto* job = jobs.scheduled.pop_front()) {
            bool more = job->poll(budget);
            if (more) schedule(jobs, *job);
            if (job == last) break;
        }
        return !jobs.scheduled.empty();
    }
    static void before_wait(Jobs& jobs) {
        for (auto& job : jobs.resident) job.before_wait();
    }
    static bool before_sleep(Jobs& jobs) {
        for (auto& job : jobs.resident)
            if (job.before_sleep()) schedule(jobs, job);
        return !jobs.scheduled.empty();
    }
};

namespace {

PER_CPU(Poller::Jobs, jobs);

bool run_jobs(task::Occasion occasion) {
    if (occasion == task::Occasion::before_sleep) return Poller::before_sleep(*jobs);
    jobs->idle = occasion == task::Occasion::idle_turn;
    return Poller::run(*jobs);
}

}  // namespace

PollJob::~PollJob() { Poller::forget(*jobs, *this); }
void PollJob::schedule() {
    Poller::schedule(*jobs, *this);
    task::request_deferred_work();
}
bool PollJob::idle() { return jobs->idle; }
void PollJob::reside() { jobs->resident.push_back(*this); }
bool run_scheduled_jobs() { return Poller::run(*jobs); }

void look_before_wait() {
    if (jobs->resident.empty()) return;
    jobs->idle = false;
    jobs->expected = 0;
    jobs->answering = std::exchange(jobs->sent, false);
    Poller::before_wait(*jobs);
}
u64 events_at_once(u64 most) { return jobs->answering ? std::min(most, Poller::few_events) : most; }
void expect_wait(u32 events) { jobs->expected = events ? events - 1 : 0; }
bool put_off() {
    jobs->sent = true;
    if (jobs->expected == 0) return false;
    --jobs->expected;
    return true;
}

void start_poller() { task::set_deferred_work(run_jobs); }

}  // namespace spore::device
