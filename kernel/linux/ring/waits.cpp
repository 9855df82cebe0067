// Operations that are waits: for a file to be ready, and for a time.
#include "kernel/linux/poll/waiter.hpp"
#include "kernel/linux/ring/ring.hpp"
#include "kernel/linux/time/clock.hpp"

namespace spore::linux::ring {

/// True when it has ended.
bool Ring::try_poll(Request& request, bool at_first) {
    u32 events = request.sqe.operation_flags;
    auto wanted = from_program(events) | always_told;
    if (at_first) request.attach(0, wanted);
    auto heard = static_cast<fs::Ready>(request.ties[0].heard.exchange(0, std::memory_order_relaxed));
    auto found = request.files[0]->ready() & wanted;
    if (!any(found)) found = heard & wanted;  // it was ready, and another was quicker
    if (!any(found)) {
        if (request.attached()) return false;
        request.result = result_of(Error::invalid);
        request.failed = true;
        return true;
    }
    request.result = static_cast<i32>(to_program(found, events));
    if (!request.many || !request.attached()) return true;
    return !post_one_of_many(request);
}

/// A poll that waits does so for something else.
void Ring::poll_anew(Request& request) {
    calm(request);
    if (!try_poll(request, true)) return;
    if (auto* next = finish(request)) resumed_.push_back(*next);
}

Request* Ring::find_limit(u64 data) {
    for (auto& request : waiting_)
        if (auto* limit = request.next; limit && limit->guarded == &request && limit->sqe.data == data) return limit;
    return nullptr;
}

Result<void> Ring::arm(Request& request, Timespec span, u32 flags) {
    if (!span.valid()) return fail(Error::invalid);
    Instant at;
    if (!(flags & timeout_absolute)) at = time::now() + span.duration();
    else at = instant_of(flags & timeout_realtime ? clock_realtime : flags & timeout_boottime ? clock_boottime : clock_monotonic, span);
    request.alarm.cancel();
    request.expired.store(false, std::memory_order_relaxed);
    request.alarm.arm(at);
    return {};
}

/// One that goes on has expired: its offset says how often more, or 0. False when this was the last time, or there is no room to tell of it.
bool Ring::repeat_timeout(Request& request) {
    if (request.sqe.offset && --request.sqe.offset == 0) return false;
    request.result = static_cast<i32>(failure(Errno::etime));
    if (!post_one_of_many(request)) return false;
    {
        Guard guard(lock_);
        ++timeouts_posted_;
    }
    (void)arm(request, request.span, request.sqe.operation_flags);
    return true;
}

bool Ring::begin_timeout(Request& request) {
    if (request.sqe.offset && !request.many) {
        Guard guard(lock_);
        request.count_from = queues_.posted() - timeouts_posted_;
        request.count = static_cast<u32>(request.sqe.offset);
    }
    if (request.count) ++counting_;
    (void)arm(request, request.span, request.sqe.operation_flags);  // it was looked at when it came
    return false;
}

/// What limits the time of a request that waits begins to count.
void Ring::arm_linked(Request& request) {
    auto* limit = request.next;
    if (!limit || limit->refused || limit->failed || limit->operation->kind != Operation::linked_timeout) return;
    limit->guarded = &request;
    (void)arm(*limit, limit->span, limit->sqe.operation_flags);
}

}  // namespace spore::linux::ring
