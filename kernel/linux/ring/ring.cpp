#include "kernel/linux/ring/ring.hpp"

#include <algorithm>
#include <bit>

#include "arch/cpu.hpp"
#include "kernel/device/poller.hpp"
#include "kernel/linux/process/process.hpp"
#include "kernel/linux/poll/waiter.hpp"
#include "kernel/memory/shortage.hpp"

namespace spore::linux::ring {

namespace {
/// More than these wait for nothing good: their memory is the kernel's.
constexpr u64 most_active = 65'536;
/// How often an operation that goes on is done before others have their turn.
constexpr unsigned in_one_turn = 32;

void note_submitter(Task& task, Request& request) {
    if (request.submitter || task.is_helper) return;
    if (auto rings = TaskRings::of(task)) request.submitter = std::move(*rings);  // without it the request is not cancelled
}
}  // namespace

Result<Shared<Ring>> Ring::create(Task& task, u32 entries, Parameters& parameters) {
    u32 setup = parameters.flags;
    if (setup & ~u32{setup_known}) return fail(Error::invalid);
    if ((setup & setup_tell_work) && !(setup & (setup_cooperative | setup_deferred))) return fail(Error::invalid);
    if ((setup & setup_deferred) && !(setup & setup_one_submitter)) return fail(Error::invalid);
    if ((setup & setup_poller) && (setup & (setup_cooperative | setup_tell_work | setup_deferred))) return fail(Error::invalid);
    if ((setup & setup_poller_cpu) && (!(setup & setup_poller) || parameters.poller_cpu >= arch::cpu_count())) return fail(Error::invalid);
    if (entries > most_submissions && (setup & setup_clamp)) entries = most_submissions;
    if (entries == 0 || entries > most_submissions) return fail(Error::invalid);
    u32 submissions = std::bit_ceil(entries), completions = 2 * submissions;
    if (setup & setup_completion_size) {
        u32 wanted = parameters.completions;
        if (wanted > most_completions && (setup & setup_clamp)) wanted = most_completions;
        if (wanted == 0 || wanted > most_completions) return fail(Error::invalid);
        completions = std::bit_ceil(wanted);
        if (completions < submissions) return fail(Error::invalid);
    }
    if (memory::is_short(Queues::memory_for(submissions, completions, setup))) return fail(Error::no_memory);  // who asks for rings is not what memory is kept for
    auto queues = TRY(Queues::create(submissions, completions, setup));
    auto ring = TRY(make_shared<Ring>(setup, std::move(queues), TRY(RingWork::of(task.process()))));
    ring->disabled_ = (setup & setup_disabled) != 0;
    if (!ring->disabled_ && (setup & setup_one_submitter)) ring->submitter_ = task.id();
    if (setup & setup_poller) {
        TRY(ring->work_->ensure_helper(task));
        ring->queues_.set_flag(ring_poller_sleeps, true);  // always: nobody burns a processor to see submissions come
    }
    ring->work_->join(*ring);
    ring->queues_.describe(parameters);
    parameters.features = features;
    return ring;
}

Ring::~Ring() {
    work_->leave(*this);
    delete spare_;
}

Ring::Use::Use(Ring& ring) : ring_(ring), task_(current_task()) {
    ring_.mutex_.lock();
    task_.in_ring = true;
}
Ring::Use::~Use() {
    task_.in_ring = false;
    ring_.mutex_.unlock();
    while (auto* links = task_.closed_rings) {
        task_.closed_rings = std::exchange(links->next_closed, nullptr);
        Shared<Ring>::adopt(static_cast<Ring*>(links))->drop_all();
    }
}

/// Nobody has the ring's file any more.
void Ring::close() {
    work_->leave(*this);
    auto& task = current_task();
    if (!task.in_ring) return drop_all();
    retain();
    next_closed = std::exchange(task.closed_rings, this);
}

void Ring::drop_all() {
    Requests gone;
    Use use(*this);
    auto drop_list = [&](Requests& list) {
        while (auto* request = list.pop_front()) drop_chain(request);
    };
    drop_list(waiting_), drop_list(deferred_);
    counting_ = 0;
    {
        Guard state(lock_);
        gone.append(overflow_);
    }
    drop_list(gone);
}

void Ring::drop_chain(Request* request) {
    while (request) {
        auto* next = std::exchange(request->next, nullptr);
        recycle(request);
        request = next;
    }
}

bool Ring::at_home(Task& task) const { return task.process().ring_work.load(std::memory_order_relaxed) == work_.get(); }

Result<Request*> Ring::new_request() {
    constexpr u64 unasked = 64;
    if (active_ == most_active || (active_ % unasked == unasked - 1 && memory::is_short())) return fail(Error::would_block);
    auto* request = std::exchange(spare_, nullptr);
    if (!request) request = new (std::nothrow) Request(*this);
    if (!request) return fail(Error::would_block);
    ++active_;
    return request;
}

/// Nothing makes it ready any more.
void Ring::calm(Request& request) {
    request.stop_waiting();
    Guard guard(lock_);
    if (request.ready_link.linked) ready_.remove(request);
}

/// A request that nothing refers to any more.
void Ring::recycle(Request* request) {
    calm(*request);
    --active_;
    if (spare_) {
        delete request;
        return;
    }
    std::destroy_at(request);
    spare_ = new (request) Request(*this);
}

Result<void> Ring::check_use(Task& task, u32 enter_flags) {
    if (disabled_) return fail(Error::not_supported);
    if (!(setup_ & setup_one_submitter) || has_poller()) return {};
    bool own = submitter_ == task.id();
    if (!own && (!(enter_flags & enter_wait) || uses_deferred() || queues_.submitted())) return fail(Error::exists);
    return {};
}

Result<u64> Ring::submit(Task& task, u32 count) {
    Use use(*this);
    count = std::min(count, queues_.submitted());
    if (count == 0) return 0;
    u32 taken = 0;
    Request *head = nullptr, *tail = nullptr;
    Result<void> got;
    while (taken < count) {
        auto made = new_request();
        if (!made) {
            got = fail(made.error());
            break;
        }
        auto* request = *made;
        auto sqe = queues_.take();
        if (!sqe) {
            recycle(request);
            break;
        }
        ++taken;
        request->sqe = *sqe;
        bool goes_on = request->has(linked) || request->has(hard_linked);
        auto accepted = accept(task, *request);
        if (!accepted) {
            request->refused = true;
            request->result = result_of(accepted.error());
        }
        if (head) {
            if (request->has(drain)) head->sqe.flags |= drain;
            if (!accepted) head->failed = true;
            tail->next = request, tail = request;
        } else {
            head = tail = request;
        }
        if (!goes_on) queue(task, *std::exchange(head, nullptr));
        if (!accepted && !goes_on && !(setup_ & setup_submit_all)) break;
    }
    if (head) queue(task, *head);
    queues_.give_back_taken();
    settle(task, When::at_once);
    if (!taken && !got) return fail(got.error());
    return taken;
}

/// Looks at the parts that are the same for all, and copies what has to be.
Result<void> Ring::accept(Task& task, Request& request) {
    auto& sqe = request.sqe;
    if (sqe.flags & ~u32{all_submission_flags}) return fail(Error::invalid);
    auto* operation = request.operation = find_operation(sqe.operation);
    if (!operation) return fail(Error::invalid);
    if (request.has(select_buffer) && !(operation->traits & Operation::selects_buffer)) return fail(Error::not_supported);
    skips_ |= request.has(skip_success);
    if (request.has(drain) && skips_) return fail(Error::not_supported);  // [linux] what left no completion could not be counted
    if (sqe.priority && !(operation->traits & Operation::takes_priority)) return fail(Error::invalid);
    if (sqe.personality) return fail(Error::invalid);
    const bool set[] = {sqe.offset != 0, sqe.address != 0, sqe.size != 0, sqe.operation_flags != 0, sqe.buffer != 0, sqe.file_index != 0};
    for (unsigned field = 0; field < std::size(set); ++field)
        if (set[field] && (operation->unused >> field & 1)) return fail(Error::invalid);
    if (auto allowed = registered_.restrictions.allows(sqe); !allowed) return allowed;
    return operation->prepare ? operation->prepare(task, request) : Result<void>();
}

/// A chain, or a single request, that is complete.
void Ring::queue(Task& task, Request& head) {
    if (!head.has(drain) && deferred_.empty()) return run(task, &head);
    note_submitter(task, head);
    deferred_.push_back(head);
}

void Ring::run(Task& task, Request* request) {
    while (request && begin(task, *request)) request = finish(*request);
}

/// True when it has ended.
bool Ring::begin(Task& task, Request& request) {
    if (request.refused) {
        request.failed = true;
        return true;
    }
    auto fails = [&](Error error) {
        request.result = result_of(error);
        request.failed = true;
        return true;
    };
    if (request.is_orphaned()) return fails(Error::canceled);
    if (request.failed) {  // another part of its chain was refused
        request.refused = true;
        return fails(Error::canceled);
    }
    auto& operation = *request.operation;
    if ((operation.traits & Operation::own_descriptor) && request.has(fixed_file)) return fails(Error::bad_descriptor);
    auto find = [&](i32 number, bool fixed) { return fixed ? registered_.file(static_cast<u32>(number)) : task.files().get({number}); };
    if (operation.files) {
        auto file = find(request.sqe.file, request.has(fixed_file));
        if (!file) return fails(file.error());
        request.files[0] = std::move(*file);
    }
    if (operation.files == 2) {
        auto file = find(request.sqe.file_index, request.sqe.operation_flags & splice_from_fixed);
        if (!file) return fails(file.error());
        request.files[1] = std::move(*file);
        request.sqe.operation_flags &= ~splice_from_fixed;
    }
    bool ended = false;
    switch (operation.kind) {
    case Operation::call: ended = perform(task, request); break;
    case Operation::poll: ended = try_poll(request, true); break;
    case Operation::timeout: ended = begin_timeout(request); break;
    case Operation::linked_timeout: return fails(Error::invalid);  // with nothing before it
    }
    if (!ended) start_waiting(task, request);
    return ended;
}

/// Does the operation, as often as it goes on. False when it has to wait.
bool Ring::perform(Task& task, Request& request) {
    auto& operation = *request.operation;
    bool can_wait = any(operation.waits_for) && ((request.files[0]->poll_source()) || (request.files[1] && request.files[1]->poll_source()));
    bool may_wait = can_wait && at_home(task) && !(request.sqe.operation_flags & operation.no_wait_flag());  // whatever the file says
    for (unsigned turn = 0;; ++turn) {
        task.operands[0] = request.files[0].get(), task.operands[1] = request.files[1].get();
        bool waits = task.thread().set_waits(!can_wait);
        request.flags = 0;
        auto result = operation.perform(task, request);
        if (task.is_helper) (void)device::run_scheduled_jobs();  // the program, on another CPU, finds what was sent when it finds the completion
        task.thread().set_waits(waits);
        task.operands[0] = task.operands[1] = nullptr;
        if (result) {
            request.result = static_cast<i32>(*result);
            if (!request.many) return true;
            if (!post_one_of_many(request)) {
                request.many = false;
                return true;
            }
            if (turn == in_one_turn) {
                start_waiting(task, request);
                make_ready(request);
                return false;
            }
            continue;
        }
        if (result.error() == Error::would_block && may_wait) {
            if (request.attached()) return false;
            request.attach(0, operation.waits_for);
            request.attach(1, fs::Ready::in);
            continue;  // what came before that is not told of
        }
        request.many = false;
        request.result = request.done ? static_cast<i32>(request.done) : result_of(result.error());
        request.failed = true;
        return true;
    }
}

void Ring::start_waiting(Task& task, Request& request) {
    if (request.waiting) return;
    request.waiting = true;
    note_submitter(task, request);
    waiting_.push_back(request);
    arm_linked(request);
    if ((!uses_deferred() || watched_.load(std::memory_order_relaxed)) && at_home(task)) (void)work_->ensure_helper(task);  // without it the next to enter goes on
}

/// Posts the completion. What is to be done next is the caller's.
Request* Ring::finish(Request& request) {
    calm(request);
    if (request.waiting) waiting_.remove(request), request.waiting = false;
    auto* next = std::exchange(request.next, nullptr);
    if (next) next->submitter = request.submitter;
    Request* limit = nullptr;
    if (next && next->operation && next->operation->kind == Operation::linked_timeout && !next->refused && !request.refused) {
        // What it limited has ended, in time or by it.
        limit = next;
        next = std::exchange(limit->next, nullptr);
        calm(*limit);
        bool by_limit = limit->expired.load(std::memory_order_acquire) && !limit->guarded;
        limit->result = static_cast<i32>(failure(by_limit ? Errno::etime : Errno::ecanceled));
        limit->failed = false;  // [linux] io_disarm_linked_timeout: IOSQE_CQE_SKIP_SUCCESS keeps it silent
    }
    bool goes_on = !request.failed || (request.has(hard_linked) && !request.refused), silent = request.has(skip_success);
    post(request);
    if (limit) post(*limit);
    if (goes_on) return next;
    while (next) {
        auto* one = next;
        next = std::exchange(one->next, nullptr);
        if (!one->refused) one->result = result_of(Error::canceled);
        one->failed = true;
        one->silent = silent;  // [linux] io_fail_links: as the one that failed would have been
        post(*one);
    }
    return nullptr;
}

bool Ring::make_ready(Request& request) {
    {
        Guard guard(lock_);
        if (request.ready_link.linked) return false;
        ready_.push_back(request);
        if (setup_ & setup_tell_work) queues_.set_flag(ring_has_work, true);
        if (waiters_) return changed_.wake_one();
    }
    // Not from here: what made the request ready may hold the lock of a source, even of this ring's own.
    work_->add(*this);
    return true;
}

Result<void> Ring::let_watch(Task& task) {
    if (!uses_deferred() || watched_.exchange(true, std::memory_order_relaxed)) return {};
    return work_->ensure_helper(task);
}

void Ring::help(Task& task) {
    if (uses_deferred()) {
        {
            Guard guard(lock_);
            untold_ |= !ready_.empty();
        }
        return tell(When::later);
    }
    if (setup_ & setup_poller) (void)submit(task, ~u32{0});
    run_ready(task);
}

Result<void> Ring::wake_poller(Task& task) {
    if (at_home(task)) (void)TRY(submit(task, ~u32{0}));
    else work_->add(*this);
    return {};
}

void Ring::run_ready(Task& task) {
    {
        Guard guard(lock_);
        if (ready_.empty() && overflow_.empty()) return;
    }
    Use use(*this);
    flush();
    if (!at_home(task)) return work_->add(*this);  // what there is to do is for the memory of those whose it is
    unsigned most = 4 * in_one_turn;
    while (most--) {
        Request* request;
        {
            Guard state(lock_);
            request = ready_.pop_front();
            if (!request) break;
        }
        if (try_again(task, *request)) run(task, finish(*request));
    }
    {
        Guard state(lock_);
        if (ready_.empty()) queues_.set_flag(ring_has_work, false);
        else if (!uses_deferred()) work_->add(*this);
    }
    settle(task, When::later);
}

bool Ring::try_again(Task& task, Request& request) {
    auto kind = request.operation->kind;
    if (request.is_orphaned() && (kind == Operation::call || kind == Operation::poll)) {
        request.many = false;
        request.result = result_of(Error::canceled);
        request.failed = true;
        return true;
    }
    switch (kind) {
    case Operation::call: return perform(task, request);
    case Operation::poll: return try_poll(request, false);
    case Operation::timeout:
        if (request.many && repeat_timeout(request)) return false;
        request.result = static_cast<i32>(failure(Errno::etime));
        request.failed = !(request.sqe.operation_flags & timeout_is_success);
        if (request.count) --counting_;
        return true;
    case Operation::linked_timeout:
        if (auto* guarded = std::exchange(request.guarded, nullptr)) end_waiting(*guarded, result_of(Error::canceled));
        return false;  // it ended with that
    }
    return false;
}

/// Ends one that waits; what is linked to it comes next.
void Ring::end_waiting(Request& request, i32 result) {
    if (request.operation->kind == Operation::timeout && request.count) --counting_;
    request.many = false;
    request.result = result;
    request.flags = 0;
    request.failed = result < 0;
    if (auto* next = finish(request)) resumed_.push_back(*next);
}

/// After completions: what waits for their number, or for all before it to have ended.
void Ring::settle(Task& task, When when) {
    bool again = true;
    while (again) {
        again = false;
        while (auto* request = resumed_.pop_front()) run(task, request);
        if (counting_) {
            u32 count = [&] {
                Guard guard(lock_);
                return queues_.posted() - timeouts_posted_;
            }();
            for (auto& request : waiting_) {
                if (request.operation->kind != Operation::timeout || !request.count || count - request.count_from < request.count) continue;
                end_waiting(request, 0);
                again = true;
                break;
            }
        }
        auto* first = deferred_.first();
        if (first && (!first->has(drain) || std::ranges::none_of(waiting_, [](Request& request) { return !request.many; }))) {
            deferred_.remove(*first);
            run(task, first);
            again = true;
        }
    }
    tell(when);
}

Request* Ring::find_waiting(const Target& target, const Request* but) {
    auto found = std::ranges::find_if(waiting_, [&](Request& request) {
        if (&request == but || (!target.any_kind && request.operation->kind != target.kind)) return false;
        if (target.flags & cancel_any) return true;
        if (target.flags & cancel_by_file) return request.files[0].get() == target.file;
        return request.sqe.data == target.data;
    });
    return found == waiting_.end() ? nullptr : &*found;
}

u64 Ring::cancel(const Target& target, const Request* but) {
    u64 count = 0;
    while (auto* request = find_waiting(target, but)) {
        ++count;
        end_waiting(*request, result_of(Error::canceled));
        if (!(target.flags & (cancel_all | cancel_any))) break;
    }
    return count;
}

fs::Ready Ring::ready() {
    auto found = queues_.submitted() < queues_.submissions() ? fs::Ready::out : fs::Ready::none;
    Guard guard(lock_);
    if (queues_.unseen() || !overflow_.empty() || (uses_deferred() && !ready_.empty())) found |= fs::Ready::in;
    return found;
}

Result<void> Ring::wait(Task& task, u32 least, Instant deadline) {
    least = std::min(least, queues_.completions());
    Result<void> waited;
    u32 timeouts = [&] {
        Guard guard(lock_);
        return timeouts_posted_;
    }();
    while (true) {
        run_ready(task);
        Guard guard(lock_);
        u32 seen = queues_.unseen();
        if (seen >= least || timeouts_posted_ != timeouts) return {};  // a time-out of the program's ends a wait for more, too [linux] io_should_wake
        if (!waited) return seen ? Result<void>() : waited;
        if (!overflow_.empty() && queues_.has_room()) continue;
        if (!ready_.empty() && at_home(task)) continue;
        ++waiters_;
        waited = changed_.wait(lock_, sync::Interruptible::yes, deadline);
        --waiters_;
    }
}

}  // namespace spore::linux::ring
