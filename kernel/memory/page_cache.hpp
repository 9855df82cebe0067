// The pages of one file or shared-memory object, by index. The same frames serve read(), mmap() and sendfile().
// Lock order: an address space's mutex comes before a cache's lock. Pages are loaded with neither held.
#pragma once

#include <span>

#include "base/list.hpp"
#include "base/owned.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/memory/page_tree.hpp"
#include "kernel/sync/spin.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::memory {

class AddressSpace;

/// Where pages come from that the cache does not hold. Implemented by file systems.
class PageSource {
public:
    /// The page at `index`: a frame of the source's own where it can give one (an initrd's page in place), otherwise a new frame that it
    /// filled; bytes beyond the end of the file are zero. May sleep.
    virtual Result<FrameRef> load_page(u64 index) = 0;
    /// The same where it takes neither waiting nor copying; otherwise nothing. Page faults ask this for the neighbours of a page, with
    /// the address space locked: it must not sleep.
    virtual FrameRef page_at_hand(u64) { return {}; }
    /// A page that load_page() made was not kept: the file was cut meanwhile, or there is no memory to remember it in.
    virtual void page_unused() {}

protected:
    ~PageSource() = default;
};

/// An area of an address space that maps pages of a cache.
struct CacheMapping {
    ListLink<CacheMapping> link;
    AddressSpace* space = nullptr;
    u64 passes = 0;  ///< of PageCache::drop that have seen it
};

/// Pages that a private mapping has copied from a file, when the file's page goes.
enum class PrivateCopies : u8 { kept, dropped };

class PageCache {
public:
    /// Pages come from `source`. With `Keep::always` they are the only copy (tmpfs) and are never dropped to regain memory.
    enum class Keep : u8 { while_memory_lasts, always };
    PageCache(PageSource& source, Keep keep);
    /// Nobody may still map it.
    ~PageCache();

    /// The page at `index`, loaded when it is missing. May sleep.
    Result<FrameRef> get(u64 index);
    /// The page if the cache holds it.
    FrameRef find(u64 index) const;
    /// The page if it can be had without sleeping.
    FrameRef at_hand(u64 index);
    /// Takes a page in that came along with another, unless there is one or it is being loaded.
    void offer(u64 index, const FrameRef& page);
    /// The first page at or after `first` that it holds, or does not hold; PageTree::none when there is no such.
    u64 next(u64 first, PageTree::Slot wanted) const;
    /// Drops the pages in [first, end), and takes them out of every address space that maps them: how many it held. May sleep.
    u64 drop(u64 first, u64 end = ~u64{0}, PrivateCopies copies = PrivateCopies::kept);
    /// How many pages it holds.
    u64 size() const;
    /// How many areas of address spaces show them.
    u64 mappings() const;
    Keep keep() const { return keep_; }

    PageCache(const PageCache&) = delete;

    /// A page that was written to through a mapping: it is not dropped to regain memory.
    static void mark_dirty(Frame& frame) { frame.flags |= dirty_flag; }

    /// A page with that mark.
    struct Dirty {
        u64 index;
        FrameRef page;
    };
    /// The marked pages from `first` on, and before `end`, in order, as far as there is room for them: how many. The marks stay, or are taken off.
    unsigned find_dirty(u64 first, std::span<Dirty> into, bool keep_marks, u64 end = ~u64{0});

    /// For address spaces: an area that shows pages of this cache comes and goes.
    void add_mapping(CacheMapping& mapping, AddressSpace& space, u64 passes);
    void add_mapping(CacheMapping& mapping, AddressSpace& space) { add_mapping(mapping, space, ~u64{0}); }
    void remove_mapping(CacheMapping& mapping);

private:
    static constexpr u16 dirty_flag = 1;
    /// A page on its way from the source; lies on the loading thread's stack.
    struct Load {
        ListLink<Load> link;
        u64 index;
        bool dropped = false;
    };
    static u64 reclaim(u64 frames);
    u64 shrink(u64 frames);
    bool is_loading(u64 index) const;
    /// With the lock held: takes the page in, whose reference passes to the tree.
    Result<void> insert(u64 index, const FrameRef& page);
    void unmap_everywhere(u64 first, u64 end, PrivateCopies copies);

    mutable sync::Spin lock_;
    Keep keep_;
    PageSource& source_;
    PageTree tree_;
    u64 pages_ = 0;
    u64 passes_ = 0;
    u64 shrunk_to_ = 0;  ///< where shrink() goes on
    List<Load, &Load::link> loads_;
    sync::WaitQueue loaded_;
    List<CacheMapping, &CacheMapping::link> mappings_;
    ListLink<PageCache> among_reclaimable_;
    friend struct ReclaimableCaches;
};

}  // namespace spore::memory
