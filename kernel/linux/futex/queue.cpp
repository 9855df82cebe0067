// Keys, buckets, and the waiting itself.
#include "kernel/linux/futex/queue.hpp"

#include "arch/user_memory.hpp"

namespace spore::linux::futex {

namespace {
constexpr std::size_t bucket_count = 128;
constinit Bucket buckets[bucket_count];

/// What is mapped at an address.
struct Search {
    VirtAddr at;
    Key key;
    bool readable = false;
};
void look_at_area(void* context, const memory::AddressSpace::AreaInfo& area) {
    auto& search = *static_cast<Search*>(context);
    search.readable = area.access.read;
    if (area.sharing != memory::Sharing::shared || !area.object) return;
    u64 offset = area.offset + (search.at - area.start);
    // Each mmap makes an object of its own of a file, but they show the same pages.
    search.key = {&area.object->pages(), offset, Shared<memory::MappedObject>(*area.object)};
    if (offset >= align_up(area.object->size(), page_size)) search.readable = false;
}
}  // namespace

Result<Key> key_of(const Word& word) {
    if (!is_aligned(word.at.value, 4)) return fail(Error::invalid);
    Search search{word.at, {&word.space, word.at.value}};
    if (word.scope == Scope::shared && (!word.space.visit_area_at(word.at, look_at_area, &search) || !search.readable)) return fail(Error::bad_address);
    return std::move(search.key);
}

Bucket& bucket_of(const Key& key) {
    u64 hash = (reinterpret_cast<u64>(key.object) >> 4) ^ (key.offset >> 2);
    return buckets[(hash * 0x9e37'79b9'7f4a'7c15) >> 57];
}
static_assert(bucket_count == std::size_t{1} << (64 - 57));

void Bucket::release(Waiter& waiter, Waiter::Outcome outcome) {
    waiters.remove(waiter);
    waiter.outcome.store(outcome, std::memory_order_release);
    task::wake(*waiter.thread);
}

Result<void> queue_if(const Word& word, u32 expected, Waiter& waiter) {
    Bucket& bucket = bucket_of(waiter.key);
    waiter.thread = &task::current();
    waiter.bucket.store(&bucket, std::memory_order_relaxed);
    for (;;) {
        u32 seen = bucket.wakes.load(std::memory_order_acquire);
        if (TRY(arch::load_program_word(word.at)) != expected) return fail(Error::would_block);
        Guard guard(bucket.lock);
        if (bucket.wakes.load(std::memory_order_relaxed) != seen) continue;
        bucket.push(waiter);
        return {};
    }
}

namespace {
/// Locks the bucket that a waiter is in, which a requeue may change at any moment.
Bucket& lock_bucket_of(const Waiter& waiter) {
    for (;;) {
        Bucket& bucket = *waiter.bucket.load(std::memory_order_acquire);
        bucket.lock.lock();
        if (waiter.bucket.load(std::memory_order_relaxed) == &bucket) return bucket;
        bucket.lock.unlock();
    }
}

}  // namespace

bool give_up(Waiter& waiter) {
    Bucket& bucket = lock_bucket_of(waiter);
    bool out = waiter.link.linked && !waiter.reserved;
    if (out) bucket.waiters.remove(waiter);
    bucket.lock.unlock();
    return out;
}

Result<void> sleep_queued(Waiter& waiter, Instant deadline) {
    auto interruptible = sync::Interruptible::yes;
    for (;;) {
        waiter.thread->prepare();
        auto woken = task::Woken::by_wake;
        if (waiter.outcome.load(std::memory_order_seq_cst) == Waiter::Outcome::waiting) woken = task::block(interruptible, deadline);
        else waiter.thread->unprepare();

        if (waiter.outcome.load(std::memory_order_acquire) != Waiter::Outcome::waiting) {
            lock_bucket_of(waiter).lock.unlock();  // whoever woke us is done with us now
            return {};
        }
        if (woken == task::Woken::by_wake) continue;  // for something else
        if (give_up(waiter)) {
            if (woken == task::Woken::by_deadline) return fail(Error::timed_out);
            return fail(deadline == Instant::never() ? Error::restart : Error::interrupted);
        }
        // It is ours, or will be in a moment: nothing else can end the wait now.
        interruptible = sync::Interruptible::no;
        deadline = Instant::never();
    }
}

}  // namespace spore::linux::futex
