#include "kernel/memory/frame.hpp"

#include <cstring>
#include <utility>

#include "base/locked.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/core/per_cpu.hpp"
#include "kernel/memory/buddy.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "kernel/memory/frame_kind.hpp"
#include "kernel/memory/idle_blocks.hpp"
#include "kernel/memory/poison.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::memory {

constinit Frame* detail::frame_records = nullptr;

namespace {

/// Single frames that this CPU can hand out without a lock.
struct Cache {
    static constexpr std::size_t capacity = 32, batch = 16;
    std::size_t count = 0;  ///< only its CPU changes it, by set_count(): others look at it
    Frame* frames[capacity] = {};

    void set_count(std::size_t now) { __atomic_store_n(&count, now, __ATOMIC_RELAXED); }
    std::size_t count_for_others() const { return __atomic_load_n(&count, __ATOMIC_RELAXED); }
};
PER_CPU(Cache, cache);

constinit Locked<Buddy, sync::Spin> buddy;
constinit std::atomic<Reclaimer> reclaimer = nullptr;
constinit std::atomic<i64> cached_frames = 0;
constinit u64 failing_allocation = 0;

void refill(Cache& into) {
    into.set_count(buddy.with([&](Buddy& b) { return b.allocate_singles(std::span(into.frames, Cache::batch)); }));
}

/// Gives the `count` frames that have waited longest back to the buddy.
void spill(Cache& from, std::size_t count) {
    buddy.with([&](Buddy& b) {
        for (std::size_t i = 0; i < count; ++i) b.free(*from.frames[i], 0);
    });
    from.set_count(from.count - count);
    std::memmove(from.frames, from.frames + count, from.count * sizeof(Frame*));
}

bool reclaim(u64 frames) {
    auto function = reclaimer.load(std::memory_order_relaxed);
    return function && function(frames) > 0;
}

Frame* allocate_single() {
    auto& own = *cache;
    if (own.count == 0) {
        refill(own);
        // What is reclaimed may have come back to this very cache.
        if (own.count == 0 && reclaim(Cache::batch) && own.count == 0) refill(own);
        if (own.count == 0) return nullptr;
    }
    own.set_count(own.count - 1);
    return own.frames[own.count];
}

Frame* allocate_block(unsigned order) {
    auto attempt = [&] { return buddy.with([&](Buddy& b) { return b.allocate(order); }); };
    if (auto* frame = attempt()) return frame;
    // Single frames in the cache may be the missing halves of larger blocks.
    spill(*cache, cache->count);
    if (auto* frame = attempt()) return frame;
    if (!reclaim(u64{1} << order)) return nullptr;
    spill(*cache, cache->count);
    return attempt();
}

}  // namespace

void add_memory(PhysAddr start, PhysAddr end, PhysAddr lowest, PhysAddr highest) {
    u64 first = align_up(start.value, page_size), last = align_down(end.value, page_size);
    if (first >= last) return;
    ASSERT(end <= highest);
    if (!detail::frame_records) {
        u64 without = lowest.value / page_size;  // frames below memory, which have no records
        u64 records = align_up((align_up(highest.value, page_size) / page_size - without) * sizeof(Frame), page_size);
        if (records < last - first) {
            detail::frame_records = static_cast<Frame*>(arch::direct({first})) - without;
            first += records;
        }
    }
    // A range from before the records have their place just waits: nothing is touched until the first allocation.
    buddy.with([&](Buddy& b) { b.add(first >> page_shift, last >> page_shift); });
}

[[gnu::always_inline]] bool is_managed(const Frame& frame) {
    // Ranges are only ever added, at boot: no lock is needed to read them.
    return buddy.unguarded().manages(address_of(frame).value >> page_shift);
}

Result<Frame*> allocate_frames(unsigned order) {
    ASSERT(order <= max_order);
    if constexpr (injects_failures)
        if (must_fail()) return fail(Error::no_memory);
    Frame* frame = order == 0 ? allocate_single() : allocate_block(order);
    if (!frame) return fail(Error::no_memory);
    ASSERT(frame->references.load(std::memory_order_relaxed) == 0);  // else somebody uses it after its release
    frame->references.store(1, std::memory_order_relaxed);
    set_kind(*frame, FrameKind::plain);
    frame->flags = 0;
    if constexpr (checks_accesses) unpoison(bytes_of_frame(*frame), page_size << order);
    return frame;
}

Result<Frame*> allocate_zeroed_frames(unsigned order) {
    Frame* frame = TRY(allocate_frames(order));
    std::memset(bytes_of_frame(*frame), 0, page_size << order);
    return frame;
}

void detail::last_release(Frame& frame, u32 before) {
    if (!is_managed(frame)) {
        // Nobody counts these from one, so zero means nothing; keep the count away from it.
        frame.references.store(1u << 30, std::memory_order_relaxed);
        return;
    }
    ASSERT(before == 1);  // else it was released twice
    std::atomic_thread_fence(std::memory_order_acquire);  // pairs with the other owners' releases
    unsigned order = frame.order;
    if constexpr (checks_accesses) poison(bytes_of_frame(frame), page_size << order, Poison::free_frame);
    if (order > 0) return buddy.with([&](Buddy& b) { b.free(frame, order); });
    auto& own = *cache;
    set_kind(frame, FrameKind::waiting);
    if (own.count == Cache::capacity) spill(own, Cache::batch);
    own.frames[own.count] = &frame;
    own.set_count(own.count + 1);
}

Frame* take_idle_block() {
    return buddy.with([](Buddy& b) -> Frame* { return b.available() < b.total() / 8 ? nullptr : b.take_idle(); });
}

void put_idle_block(Frame& block, bool taken) {
    buddy.with([&](Buddy& b) { b.put_idle(block, taken); });
}

void split_block(Frame& block) {
    unsigned order = block.order;
    u32 references = block.references.load(std::memory_order_relaxed);
    block.order = 0;
    for (u64 i = 1; i < u64{1} << order; ++i) {
        Frame& frame = (&block)[i];
        frame.references.store(references, std::memory_order_relaxed);
        frame.order = 0;
        set_kind(frame, block.kind);
        frame.flags = block.flags;
    }
}

MemoryUse memory_use() {
    u64 waiting = 0;
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) waiting += cache.of(cpu).count_for_others();
    i64 cached = cached_frames.load(std::memory_order_relaxed);
    return buddy.with([&](Buddy& b) {
        return MemoryUse{.total = b.total() * page_size,
                         .free = (b.available() + waiting) * page_size,
                         .cached = cached > 0 ? static_cast<u64>(cached) * page_size : 0};
    });
}

void set_reclaimer(Reclaimer function) { reclaimer.store(function, std::memory_order_relaxed); }
void count_cached(i64 frames) { cached_frames.fetch_add(frames, std::memory_order_relaxed); }

u64 fail_allocation(u64 nth) { return std::exchange(failing_allocation, nth); }
bool must_fail() { return failing_allocation && --failing_allocation == 0; }

void forget_memory() {
    for (u32 cpu = 0; cpu < arch::cpu_count(); ++cpu) cache.of(cpu) = {};
    buddy.with([](Buddy& b) { b = {}; });
    detail::frame_records = nullptr;
    cached_frames = 0;
    failing_allocation = 0;
}

}  // namespace spore::memory
