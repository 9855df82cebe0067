// What a ring tells its program: completions, their notices, and whoever waits for them.
#include "kernel/linux/ring/ring.hpp"

namespace spore::linux::ring {

/// The request ends here, but for its completion when the ring is full.
bool Ring::post(Request& request) {
    request.many = false;
    bool silent = request.silent || (request.has(skip_success) && !request.failed);
    if (silent) {
        recycle(&request);
        return true;
    }
    request.files[0] = nullptr, request.files[1] = nullptr;
    request.prepared.reset();
    if (request.gives_notice) request.flags |= more_follow;
    {
        Guard guard(lock_);
        if (!request.refused && request.operation->kind == Operation::timeout) ++timeouts_posted_;
        untold_ = true;
        bool done = false;
        while (!done && overflow_.empty() && queues_.has_room()) done = put(request);
        if (!done) {
            overflow_.push_back(request);
            queues_.set_flag(ring_overflow, true);
            return false;
        }
    }
    recycle(&request);
    return true;
}

/// Puts a completion where there is room. False when there is another one to come.
bool Ring::put(Request& request) {
    queues_.put({request.sqe.data, request.result, request.flags});
    if (!std::exchange(request.gives_notice, false)) return true;
    request.result = request.sqe.priority & send_reports_use ? static_cast<i32>(bytes_were_copied) : 0;
    request.flags = is_notice;
    return false;
}

/// A completion of a request that goes on; false when there is no room for it.
bool Ring::post_one_of_many(Request& request) {
    Guard guard(lock_);
    if (!overflow_.empty() || !queues_.has_room()) return false;
    queues_.put({request.sqe.data, request.result, request.flags | more_follow});
    untold_ = true;
    return true;
}

Result<void> Ring::post_from_outside(u64 data, i32 result, u32 flags) {
    {
        Guard guard(lock_);
        if (!overflow_.empty() || !queues_.has_room()) return fail(Error::overflow);
        queues_.put({data, result, flags});
        untold_ = true;
    }
    tell(When::later);
    return {};
}

/// Completions that found no room go where there is some now.
void Ring::flush() {
    while (true) {
        Request* request;
        {
            Guard guard(lock_);
            if (overflow_.empty()) return;
            if (!queues_.has_room()) return;
            if (!put(*overflow_.first())) continue;
            request = overflow_.pop_front();
            if (overflow_.empty()) queues_.set_flag(ring_overflow, false);
        }
        recycle(request);
    }
}

/// Whoever waits for completions hears of them.
void Ring::tell(When when) {
    Shared<fs::File> event;
    {
        Guard guard(lock_);
        if (!std::exchange(untold_, false)) return;
        if (waiters_) changed_.wake_all();
        if ((event_for_all_ || when == When::later) && !queues_.events_disabled()) event = event_;
    }
    source_.notify(fs::Ready::in);
    if (!event) return;
    u64 one = 1;
    auto bytes = fs::IoBuffer::kernel(std::as_writable_bytes(std::span(&one, 1)));
    auto& thread = task::current();
    bool waits = thread.set_waits(false);
    (void)event->write(bytes);
    thread.set_waits(waits);
}

}  // namespace spore::linux::ring
