#include "kernel/memory/page_cache.hpp"

#include <algorithm>

#include "base/locked.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/memory/address_space.hpp"
#include "kernel/memory/frame_kind.hpp"
#include "kernel/sync/mutex.hpp"

namespace spore::memory {

/// All caches whose pages may be dropped; the one that gave memory last goes to the end.
struct ReclaimableCaches {
    List<PageCache, &PageCache::among_reclaimable_> list;
};

namespace {
constinit sync::Spin reclaimable_lock;
constinit ReclaimableCaches reclaimable;
/// One drop at a time looks for mappings, so that the marks it leaves on them are its own.
constinit sync::Mutex drop_lock;
}  // namespace

PageCache::PageCache(PageSource& source, Keep keep) : keep_(keep), source_(source) {
    if (keep_ == Keep::always) return;
    set_reclaimer(&PageCache::reclaim);
    Guard guard(reclaimable_lock);
    reclaimable.list.push_back(*this);
}

PageCache::~PageCache() {
    ASSERT(mappings_.empty() && loads_.empty());
    if (keep_ == Keep::while_memory_lasts) {
        Guard guard(reclaimable_lock);
        reclaimable.list.remove(*this);
    }
    drop(0);
}

u64 PageCache::size() const {
    Guard guard(lock_);
    return pages_;
}

u64 PageCache::mappings() const {
    Guard guard(lock_);
    u64 count = 0;
    for (auto& mapping : mappings_) count += mapping.space != nullptr;
    return count;
}

FrameRef PageCache::find(u64 index) const {
    Guard guard(lock_);
    Frame* frame = tree_.find(index);
    return frame ? FrameRef::of(*frame) : FrameRef();
}

u64 PageCache::next(u64 first, PageTree::Slot wanted) const {
    Guard guard(lock_);
    return tree_.next(first, wanted);
}

bool PageCache::is_loading(u64 index) const {
    return std::any_of(loads_.begin(), loads_.end(), [&](const Load& load) { return load.index == index; });
}

Result<void> PageCache::insert(u64 index, const FrameRef& page) {
    TRY(tree_.insert(index, *page));
    ++pages_;
    retain(*page);
    if (!is_managed(*page)) return {};
    set_kind(*page, FrameKind::cached);
    if (keep_ == Keep::while_memory_lasts) count_cached(1);
    return {};
}

FrameRef PageCache::at_hand(u64 index) {
    if (auto page = find(index)) return page;
    auto page = source_.page_at_hand(index);
    if (!page) return {};
    Guard guard(lock_);
    if (auto* other = tree_.find(index)) return FrameRef::of(*other);
    // A load on its way will bring its own frame: two frames must never show the same page.
    if (is_loading(index) || !insert(index, page)) return {};
    return page;
}

void PageCache::offer(u64 index, const FrameRef& page) {
    Guard guard(lock_);
    if (tree_.find(index) || is_loading(index)) return;
    (void)insert(index, page);  // without memory for it, it is loaded when it is wanted
}

unsigned PageCache::find_dirty(u64 first, std::span<Dirty> into, bool keep_marks, u64 end) {
    Guard guard(lock_);
    unsigned found = 0;
    tree_.remove_if(first, end, [&](u64 index, Frame& frame) {
        if (found < into.size() && (frame.flags & dirty_flag)) {
            if (!keep_marks) frame.flags &= static_cast<u16>(~dirty_flag);
            into[found++] = {index, FrameRef::of(frame)};
        }
        return false;
    });
    return found;
}

Result<FrameRef> PageCache::get(u64 index) {
    Guard guard(lock_);
    while (true) {
        if (auto* frame = tree_.find(index)) return FrameRef::of(*frame);
        if (is_loading(index)) {
            MUST(loaded_.wait(lock_, sync::Interruptible::no), "neither a signal nor a deadline can end this wait");
            continue;
        }
        Load load{.index = index};
        loads_.push_back(load);
        lock_.unlock();
        auto page = source_.load_page(index);
        lock_.lock();
        loads_.remove(load);
        loaded_.wake_all();
        if (!page) return page;
        auto kept = load.dropped ? Result<void>() : insert(index, *page);
        if (!load.dropped && kept) return page;
        source_.page_unused();
        if (!kept) return fail(kept.error());
        // The file was cut meanwhile: what was loaded is its past.
    }
}

u64 PageCache::drop(u64 first, u64 end, PrivateCopies copies) {
    i64 cached = 0;
    u64 dropped = 0;
    bool mapped;
    {
        Guard guard(lock_);
        for (auto& load : loads_) load.dropped |= load.index >= first && load.index < end;
        tree_.remove_if(first, end, [&](u64, Frame& frame) {
            --pages_;
            ++dropped;
            cached += keep_ == Keep::while_memory_lasts && is_managed(frame);
            release(frame);
            return true;
        });
        mapped = !mappings_.empty();
    }
    if (cached) count_cached(-cached);
    if (mapped) unmap_everywhere(first, end, copies);
    return dropped;
}

void PageCache::unmap_everywhere(u64 first, u64 end, PrivateCopies copies) {
    Guard one_at_a_time(drop_lock);
    u64 pass;
    {
        Guard guard(lock_);
        pass = ++passes_;
    }
    // An address space's mutex may not be waited for under the spin lock, and mappings come and go while it is not held: each
    // space is marked on all its mappings before its turn. New mappings are born marked: they show only what the cache still has.
    while (true) {
        Shared<AddressSpace> space;
        {
            Guard guard(lock_);
            for (auto& mapping : mappings_) {
                if (mapping.passes >= pass) continue;
                if (space && mapping.space != space.get()) continue;
                mapping.passes = pass;
                // A space without owners is being destroyed: nobody runs in it, and its pages go with it.
                if (!space && static_cast<Counted*>(mapping.space)->try_retain()) space = Shared<AddressSpace>::adopt(mapping.space);
            }
        }
        if (!space) return;
        space->unmap_pages_of(*this, first, end, copies);
    }
}

void PageCache::add_mapping(CacheMapping& mapping, AddressSpace& space, u64 passes) {
    Guard guard(lock_);
    mapping.space = &space;
    mapping.passes = std::min(passes, passes_);
    mappings_.push_back(mapping);
}

void PageCache::remove_mapping(CacheMapping& mapping) {
    Guard guard(lock_);
    mappings_.remove(mapping);
}

/// Goes on behind the page that it dropped last, so that a few at a time cost no look at all of them, and pages that were loaded again stay for a round.
u64 PageCache::shrink(u64 frames) {
    constexpr u64 stretch = 256;
    u64 freed = 0;
    auto drop_unused = [&](u64 first, u64 end) {
        u64 at = first;
        while (freed < frames && (at = tree_.next(at, PageTree::Slot::used)) < end) {
            u64 until = std::min(end, at + stretch);
            tree_.remove_if(at, until, [&](u64 index, Frame& frame) {
                // Under the lock nobody can gain a reference, so a page with the cache's alone is in no use.
                if (freed >= frames || frame.references.load(std::memory_order_acquire) != 1 || (frame.flags & dirty_flag) || !is_managed(frame))
                    return false;
                release(frame);
                ++freed;
                shrunk_to_ = index + 1;
                return true;
            });
            at = until;
        }
    };
    u64 begin = shrunk_to_;
    drop_unused(begin, PageTree::none);
    drop_unused(0, begin);
    pages_ -= freed;
    count_cached(-static_cast<i64>(freed));
    return freed;
}

u64 PageCache::reclaim(u64 frames) {
    // Whoever needs memory may hold any of these locks itself: what cannot be had at once is left alone.
    if (!reclaimable_lock.try_lock()) return 0;
    u64 freed = 0;
    PageCache* last = reclaimable.list.last();
    for (auto* cache = reclaimable.list.first(); cache && freed < frames;) {
        auto* next = cache == last ? nullptr : reclaimable.list.next(*cache);
        if (cache->lock_.try_lock()) {
            freed += cache->shrink(frames - freed);
            cache->lock_.unlock();
        }
        reclaimable.list.remove(*cache);
        reclaimable.list.push_back(*cache);
        cache = next;
    }
    reclaimable_lock.unlock();
    return freed;
}

}  // namespace spore::memory
