// The pages of one file or shared-memory object, by index. The same frames serve read(), mmap() and sendfile().
#pragma once

#include "base/owned.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/sync/mutex.hpp"

namespace spore::memory {

class AddressSpace;

/// Where pages come from that the cache does not hold. Implemented by file systems.
class PageSource {
public:
    /// The page at `index`: a frame of the source's own where it can give one (an initrd's page in place), otherwise a new frame that it
    /// filled; bytes beyond the end of the file are zero. May sleep.
    virtual Result<FrameRef> load_page(u64 index) = 0;

protected:
    ~PageSource() = default;
};

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
    /// Drops the pages in [first, end), and takes them out of every address space that maps them (truncate, hole punching).
    void drop(u64 first, u64 end = ~u64{0});
    /// How many pages it holds.
    u64 size() const;

    PageCache(const PageCache&) = delete;

private:
    friend class AddressSpace;
    struct Impl;
    Impl* impl_;
};

}  // namespace spore::memory
