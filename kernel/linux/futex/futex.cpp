// The plain operations.
#include "kernel/linux/futex/futex.hpp"

#include <algorithm>

#include "arch/user_memory.hpp"
#include "kernel/linux/futex/queue.hpp"

namespace spore::linux::futex {

using Outcome = Waiter::Outcome;
using Kind = Waiter::Kind;

Result<void> wait(Word word, u32 expected, Instant deadline, u32 bitset) {
    if (bitset == 0) return fail(Error::invalid);
    Waiter waiter;
    waiter.key = TRY(key_of(word));
    waiter.bitset = bitset;
    TRY(queue_if(word, expected, waiter));
    return sleep_queued(waiter, deadline);
}

namespace {
/// Wakes up to `count` (at least one, as Linux does) on `key`, whose bucket is locked. invalid when it meets a thread that waits for a lock.
Result<u64> wake_locked(Bucket& bucket, const Key& key, i32 count, u32 bitset) {
    bucket.count_wake();
    u64 limit = static_cast<u64>(std::max(count, 1)), woken = 0;
    for (Waiter *waiter = bucket.waiters.first(), *next; waiter && woken < limit; waiter = next) {
        next = bucket.waiters.next(*waiter);
        if (!(waiter->key == key)) continue;
        if (waiter->kind != Kind::plain) return fail(Error::invalid);
        if (!(waiter->bitset & bitset)) continue;
        bucket.release(*waiter, Outcome::woken);
        ++woken;
    }
    return woken;
}
}  // namespace

Result<u64> wake(Word word, i32 count, u32 bitset) {
    if (bitset == 0) return fail(Error::invalid);
    Key key = TRY(key_of(word));
    Bucket& bucket = bucket_of(key);
    Guard guard(bucket.lock);
    return wake_locked(bucket, key, count, bitset);
}

namespace {
struct Moved {
    u64 woken = 0, moved = 0;
};

/// Both buckets are locked. A plain waiter changes its key; one that waits for a PI lock is sent to take it.
Result<Moved> requeue_locked(const Key& from, const Key& to, i32 wake_count, i32 move_count, Kind kind) {
    Bucket& source = bucket_of(from);
    Bucket& target = bucket_of(to);
    source.count_wake();
    Moved result;
    u64 wakes = static_cast<u64>(wake_count), all = wakes + static_cast<u64>(move_count);
    for (Waiter *waiter = source.waiters.first(), *next; waiter && result.woken + result.moved < all; waiter = next) {
        next = source.waiters.next(*waiter);
        if (!(waiter->key == from)) continue;
        if (waiter->kind != kind) return fail(Error::invalid);
        if (kind == Kind::requeue_pi) {
            ++(result.woken < wakes ? result.woken : result.moved);
            source.release(*waiter, Outcome::moved);
        } else if (result.woken < wakes) {
            ++result.woken;
            source.release(*waiter, Outcome::woken);
        } else {
            ++result.moved;
            if (from == to) continue;
            source.waiters.remove(*waiter);
            waiter->key = to;
            waiter->bucket.store(&target, std::memory_order_release);
            target.push(*waiter);
        }
    }
    return result;
}

Result<Moved> compare_and_move(Word from, Word to, i32 wake_count, i32 move_count, const u32* expected, Kind kind) {
    if (wake_count < 0 || move_count < 0) return fail(Error::invalid);
    Key source = TRY(key_of(from)), target = TRY(key_of(to));
    if (kind == Kind::requeue_pi && source == target) return fail(Error::invalid);
    Bucket& bucket = bucket_of(source);
    for (;;) {
        u32 wakes = bucket.wakes.load(std::memory_order_acquire), arrivals = bucket.arrivals.load(std::memory_order_acquire);
        if (expected && TRY(arch::load_program_word(from.at)) != *expected) return fail(Error::would_block);
        BothLocked guard(bucket, bucket_of(target));
        // The queue is as it was when the word was right: the two were true at once.
        bool same = bucket.wakes.load(std::memory_order_relaxed) == wakes && bucket.arrivals.load(std::memory_order_relaxed) == arrivals;
        if (!expected || same) return requeue_locked(source, target, wake_count, move_count, kind);
    }
}
}  // namespace

Result<u64> requeue(Word from, Word to, i32 wake_count, i32 move_count) {
    return TRY(compare_and_move(from, to, wake_count, move_count, nullptr, Kind::plain)).woken;
}

Result<u64> compare_and_requeue(Word from, Word to, i32 wake_count, i32 move_count, u32 expected) {
    Moved all = TRY(compare_and_move(from, to, wake_count, move_count, &expected, Kind::plain));
    return all.woken + all.moved;
}

Result<u64> compare_and_requeue_pi(Word from, Word to, i32 wake_count, i32 move_count, u32 expected) {
    if (wake_count != 1) return fail(Error::invalid);
    Moved all = TRY(compare_and_move(from, to, wake_count, move_count, &expected, Kind::requeue_pi));
    return all.woken + all.moved;
}

namespace {
/// val3 of FUTEX_WAKE_OP [linux/uapi/linux/futex.h]: op, comparison, and two signed 12-bit arguments.
struct Operation {
    explicit constexpr Operation(u32 encoded)
        : operation(encoded >> 28 & 7), comparison(encoded >> 24 & 0xf), argument(static_cast<i32>(encoded << 8) >> 20),
          compared(static_cast<i32>(encoded << 20) >> 20) {
        if (encoded >> 31) argument = static_cast<i32>(u32{1} << (argument & 31));
    }
    constexpr bool valid() const { return operation <= 4 && comparison <= 5; }
    constexpr u32 apply(u32 old) const {
        u32 value = static_cast<u32>(argument);
        switch (operation) {
            case 0: return value;
            case 1: return old + value;
            case 2: return old | value;
            case 3: return old & ~value;
            default: return old ^ value;
        }
    }
    constexpr bool holds(u32 old) const {
        i32 value = static_cast<i32>(old);
        switch (comparison) {
            case 0: return value == compared;
            case 1: return value != compared;
            case 2: return value < compared;
            case 3: return value <= compared;
            case 4: return value > compared;
            default: return value >= compared;
        }
    }

    u32 operation, comparison;
    i32 argument, compared;
};
}  // namespace

Result<u64> wake_and_operate(Word first, Word second, i32 first_count, i32 second_count, u32 encoded) {
    Operation operation(encoded);
    if (!operation.valid()) return fail(Error::not_implemented);
    Key first_key = TRY(key_of(first)), second_key = TRY(key_of(second));
    u32 old = TRY(arch::load_program_word(second.at));
    for (;;) {
        u32 found = TRY(arch::exchange_program_word(second.at, old, operation.apply(old)));
        if (found == old) break;
        old = found;
    }
    BothLocked guard(bucket_of(first_key), bucket_of(second_key));
    u64 woken = TRY(wake_locked(bucket_of(first_key), first_key, first_count, any_bit));
    if (operation.holds(old)) woken += TRY(wake_locked(bucket_of(second_key), second_key, second_count, any_bit));
    return woken;
}

Result<void> wait_requeue_pi(Word word, u32 expected, Instant deadline, u32 bitset, Word target, u32 thread_id) {
    if (bitset == 0 || word.at == target.at) return fail(Error::invalid);
    Waiter waiter;
    waiter.key = TRY(key_of(word));
    waiter.bitset = bitset;
    waiter.kind = Kind::requeue_pi;
    TRY(queue_if(word, expected, waiter));
    TRY(sleep_queued(waiter, deadline));
    return lock_pi(target, thread_id, deadline);
}

}  // namespace spore::linux::futex
