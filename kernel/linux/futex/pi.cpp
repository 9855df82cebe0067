// Locks whose owner the word names: its thread id, and a bit that somebody waits, so that only contended locks come here [man 2 futex,
// "Priority-inheritance futexes"]. Who unlocks writes the next owner's id before waking it. The word can be written only without a Spin, so the
// next owner is reserved in the queue meanwhile: it cannot give up.
#include "arch/user_memory.hpp"
#include "kernel/linux/futex/owner.hpp"
#include "kernel/linux/futex/queue.hpp"

namespace spore::linux::futex {

using Outcome = Waiter::Outcome;
using Kind = Waiter::Kind;

namespace {
constinit std::atomic<ThreadExists> thread_exists = nullptr;

Waiter* first_pi(Bucket& bucket, const Key& key) {
    for (Waiter& waiter : bucket.waiters)
        if (waiter.kind == Kind::pi && waiter.key == key) return &waiter;
    return nullptr;
}
bool has_pi(Bucket& bucket, const Key& key) {
    Guard guard(bucket.lock);
    return first_pi(bucket, key);
}

enum class Step : u8 { taken, must_wait, again };

/// Takes the lock if nobody owns it; else marks it as waited for. `value` is the word then.
Result<Step> take_or_mark(const Word& word, const Key& key, u32 thread_id, bool wait, u32& value) {
    value = TRY(arch::load_program_word(word.at));
    u32 owner = value & owner_mask;
    if (owner == thread_id) return fail(Error::would_deadlock);
    if (owner == 0) {
        u32 mine = thread_id | (value & (owner_died | waiters_bit)) | (has_pi(bucket_of(key), key) ? waiters_bit : 0);
        return TRY(arch::exchange_program_word(word.at, value, mine)) == value ? Step::taken : Step::again;
    }
    if (!wait) return fail(Error::would_block);
    if (auto* exists = thread_exists.load(std::memory_order_relaxed); exists && !exists(owner)) {
        // It may have left the word in order, just now.
        if (TRY(arch::load_program_word(word.at)) == value) return fail(Error::no_process);
        return Step::again;
    }
    if (!(value & waiters_bit)) {
        if (TRY(arch::exchange_program_word(word.at, value, value | waiters_bit)) != value) return Step::again;
        value |= waiters_bit;
    }
    return Step::must_wait;
}
}  // namespace

void set_thread_lookup(ThreadExists exists) { thread_exists.store(exists, std::memory_order_relaxed); }

Result<void> lock_pi(Word word, u32 thread_id, Instant deadline) {
    Key key = TRY(key_of(word));
    for (;;) {
        u32 value;
        Step step = TRY(take_or_mark(word, key, thread_id, true, value));
        if (step == Step::taken) return {};
        if (step == Step::again) continue;
        Waiter waiter;
        waiter.key = key;
        waiter.kind = Kind::pi;
        waiter.thread_id = thread_id;
        if (auto queued = queue_if(word, value, waiter); !queued) {
            if (queued.error() == Error::would_block) continue;
            return queued;
        }
        TRY(sleep_queued(waiter, deadline));
        if (waiter.outcome.load(std::memory_order_relaxed) == Outcome::granted) return {};
    }
}

Result<void> try_lock_pi(Word word, u32 thread_id) {
    Key key = TRY(key_of(word));
    for (;;) {
        u32 value;
        if (TRY(take_or_mark(word, key, thread_id, false, value)) == Step::taken) return {};
    }
}

Result<void> unlock_pi(Word word, u32 thread_id) {
    Key key = TRY(key_of(word));
    Bucket& bucket = bucket_of(key);
    for (;;) {
        u32 value = TRY(arch::load_program_word(word.at));
        if ((value & owner_mask) != thread_id) return fail(Error::not_permitted);
        Waiter* next;
        u32 desired = 0;
        {
            Guard guard(bucket.lock);
            next = first_pi(bucket, key);
            if (next) {
                next->reserved = true;
                desired = next->thread_id | waiters_bit;  // maybe for nobody: then its unlock comes here in vain, once
            }
        }
        auto found = arch::exchange_program_word(word.at, value, desired);
        bool passed = found && *found == value;
        {
            Guard guard(bucket.lock);
            bucket.count_wake();
            if (next) {
                next->reserved = false;
                bucket.release(*next, passed ? Outcome::granted : Outcome::retry);
            } else if (passed) {
                // Somebody may have queued since we looked: the lock is free, let it try again.
                if (Waiter* late = first_pi(bucket, key)) bucket.release(*late, Outcome::retry);
            }
        }
        if (!found) return fail(found.error());
        if (passed) return {};
    }
}

void wake_pi_of_dead_owner(const Word& word) {
    auto key = key_of(word);
    if (!key) return;
    Bucket& bucket = bucket_of(*key);
    Guard guard(bucket.lock);
    bucket.count_wake();
    if (Waiter* waiter = first_pi(bucket, *key); waiter && !waiter->reserved) bucket.release(*waiter, Outcome::retry);
}

}  // namespace spore::linux::futex
