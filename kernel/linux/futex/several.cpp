// Waiting for any of several words [futex_waitv(2)].
#include "kernel/linux/futex/queue.hpp"
#include "kernel/linux/small_text.hpp"

namespace spore::linux::futex {

namespace {

constexpr u64 nobody = ~u64{0};

/// Takes all out of their queues; the last of those that were woken meanwhile, or before: Linux tells of that one.
u64 end_all(std::span<Waiter> waiters) {
    u64 woken = nobody;
    for (u64 i = 0; i < waiters.size(); ++i)
        if (!give_up(waiters[i])) woken = i;
    return woken;
}

bool any_woken(std::span<Waiter> waiters) {
    return std::ranges::any_of(waiters, [](auto& waiter) { return waiter.outcome.load(std::memory_order_seq_cst) != Waiter::Outcome::waiting; });
}

}  // namespace

Result<u64> wait_for_any(u64 count, Expected (*at)(void*, u64), void* context, Instant deadline) {
    auto waiters = TRY(HeapArray<Waiter>::create(count));
    for (u64 i = 0; i < count; ++i) waiters[i].key = TRY(key_of(at(context, i).word));
    for (u64 i = 0; i < count; ++i) {
        auto expected = at(context, i);
        auto queued = queue_if(expected.word, expected.value, waiters[i]);
        if (queued) continue;
        u64 woken = end_all(waiters.span().first(i));
        return woken == nobody ? Result<u64>(fail(queued.error())) : woken;
    }
    auto how = task::Woken::by_wake;
    while (how == task::Woken::by_wake && !any_woken(waiters.span())) {
        auto& thread = task::current();
        thread.prepare();
        if (any_woken(waiters.span())) thread.unprepare();
        else how = task::block(sync::Interruptible::yes, deadline);
    }
    u64 woken = end_all(waiters.span());
    if (woken != nobody) return woken;
    return fail(how == task::Woken::by_deadline ? Error::timed_out : Error::interrupted);
}

}  // namespace spore::linux::futex
