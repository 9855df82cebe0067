// The waiters of all futexes, hashed by key into buckets. A bucket counts what happens to it, and this makes checking the word and queueing one step, though
// the word may be read only while no Spin is held (it may fault):
//
//   seen = bucket.wakes; read the word; lock; if bucket.wakes != seen, start again; queue
//
// A waker changes the word before it comes here. If it locks after us it finds us queued; if before, it has changed the count; and if
// we saw its count, we see its word as well.
#pragma once

#include <atomic>

#include "base/list.hpp"
#include "base/owned.hpp"
#include "kernel/linux/futex/futex.hpp"
#include "kernel/memory/address_space.hpp"
#include "kernel/sync/spin.hpp"
#include "kernel/task/thread.hpp"

namespace spore::linux::futex {

/// Which word is meant: an address in an address space, or a place in what several may have mapped, each on its own.
struct Key {
    const void* object = nullptr;  ///< the AddressSpace, or the PageCache
    u64 offset = 0;
    Shared<memory::MappedObject> keep{};  ///< so that no other object takes this one's address

    friend bool operator==(const Key& a, const Key& b) { return a.object == b.object && a.offset == b.offset; }
};
/// invalid when the word is not aligned, bad_address when a shared one is not mapped, or may not be read.
Result<Key> key_of(const Word& word);

struct Bucket;

/// A thread that waits; lives on its stack. Guarded by the bucket's lock.
struct Waiter {
    enum class Kind : u8 { plain, requeue_pi, pi };
    enum class Outcome : u8 { waiting, woken, moved, granted, retry };

    ListLink<Waiter> link;
    Key key;
    std::atomic<Bucket*> bucket = nullptr;  ///< changes only with both buckets locked
    task::Thread* thread = nullptr;
    u32 bitset = any_bit;
    u32 thread_id = 0;             ///< of PI waiters
    Kind kind = Kind::plain;
    bool reserved = false;         ///< the lock is being passed to it: it must not give up
    std::atomic<Outcome> outcome = Outcome::waiting;
};

struct Bucket {
    sync::Spin lock;
    std::atomic<u32> wakes = 0;    ///< wake-ups and moves, whether or not they found somebody
    std::atomic<u32> arrivals = 0;
    List<Waiter, &Waiter::link> waiters;

    void count_wake() { wakes.store(wakes.load(std::memory_order_relaxed) + 1, std::memory_order_release); }
    void push(Waiter& waiter) {
        waiters.push_back(waiter);
        arrivals.store(arrivals.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
    /// Takes a waiter out and wakes its thread, which cannot go on before it has had our lock.
    void release(Waiter& waiter, Waiter::Outcome outcome);
};
Bucket& bucket_of(const Key& key);

/// Two buckets locked in the order of their addresses; they may be one.
class BothLocked {
public:
    BothLocked(Bucket& a, Bucket& b) : first_(&a < &b ? a : b), second_(&a < &b ? b : a) {
        first_.lock.lock();
        if (&first_ != &second_) second_.lock.lock();
    }
    BothLocked(const BothLocked&) = delete;
    ~BothLocked() {
        if (&first_ != &second_) second_.lock.unlock();
        first_.lock.unlock();
    }

private:
    Bucket& first_;
    Bucket& second_;
};

/// Queues `waiter` (whose key, kind and bitset are set) if the word is `expected` at that moment; would_block when it is not.
Result<void> queue_if(const Word& word, u32 expected, Waiter& waiter);
/// Sleeps until somebody takes the queued waiter out (success: see outcome), or until it may give up: then it is out of the queue.
Result<void> sleep_queued(Waiter& waiter, Instant deadline);

/// Ends a wait for good: true when it came out of the queue by itself, false when somebody has taken it out or is passing it a lock.
bool give_up(Waiter& waiter);

}  // namespace spore::linux::futex
