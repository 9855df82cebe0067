// Physical memory in frames of 4 KiB. Every frame has a Frame record (32 bytes), found by its number.
// A buddy allocator hands out blocks of 2^order frames, with a small cache per CPU in front of it; memory is given to it in 2 MiB
// chunks as it is needed, so that boot does not depend on how much there is: neither a frame nor its record is touched before.
#pragma once

#include <atomic>

#include "arch/mmu.hpp"
#include "base/result.hpp"
#include "base/types.hpp"

namespace spore::memory {

inline constexpr unsigned max_order = 9;  ///< 2 MiB

/// What a frame is in use for; kernel/memory's own.
enum class FrameKind : u8 {
    untouched,  ///< never handed out
    free,       ///< starts a block in the buddy's lists
    waiting,    ///< in a CPU's cache
    plain,      ///< handed out, nothing more is known
    anonymous,  ///< a program's private page
    cached,     ///< belongs to a page cache
    slab,       ///< small objects of the heap
    large,      ///< one big object of the heap
};

struct Frame {
    std::atomic<u32> references;  ///< owners of the block; 0 while it is free
    u8 order;                     ///< of the block that this frame starts
    FrameKind kind;
    u16 flags;
    u64 owner;                    ///< whoever holds the frame may use these three
    u64 index;
    u64 link;
};
static_assert(sizeof(Frame) == 32);

/// Makes [start, end) available. Called at boot for each range of usable memory, before anything is allocated. The records of all
/// frames from `lowest` to `highest` (all of memory, ranges that are not added included) go to the start of the first range that can hold them.
void add_memory(PhysAddr start, PhysAddr end, PhysAddr lowest, PhysAddr highest);

namespace detail {
extern constinit Frame* frame_records;
void last_release(Frame& frame, u32 before);
}  // namespace detail

inline Frame& frame_of(PhysAddr address) { return detail::frame_records[address.value >> page_shift]; }
inline PhysAddr address_of(const Frame& frame) { return {static_cast<u64>(&frame - detail::frame_records) << page_shift}; }
/// Whether the frame came from add_memory's ranges. Of others (an initrd's) the record's contents mean nothing: they may be retained
/// and released like any, but nobody owns them and they are never freed.
bool is_managed(const Frame& frame);

/// One block of 2^order frames with one reference, contents undefined. no_memory when there is none.
Result<Frame*> allocate_frames(unsigned order = 0);
/// The same, filled with zeros.
Result<Frame*> allocate_zeroed_frames(unsigned order = 0);
inline void retain(Frame& frame) { frame.references.fetch_add(1, std::memory_order_relaxed); }
/// The last release frees the block.
inline void release(Frame& frame) {
    // Release order pairs with the acquire fence in last_release: what other owners did to the frame comes before its next use.
    auto before = frame.references.fetch_sub(1, std::memory_order_release);
    if (before <= 1) detail::last_release(frame, before);
}
/// Makes the frames of a block independent: each has the references that the block had.
void split_block(Frame& block);
inline std::byte* bytes_of_frame(const Frame& frame) { return static_cast<std::byte*>(arch::direct(address_of(frame))); }

struct MemoryUse {
    u64 total;  ///< bytes that were added
    u64 free;   ///< bytes in no use, chunks not yet touched included
    u64 cached; ///< bytes in page caches that can be loaded again
};
MemoryUse memory_use();

/// Called when memory has run out: frees about `frames` frames if it can, and returns how many. Must not wait for locks.
using Reclaimer = u64 (*)(u64 frames);
void set_reclaimer(Reclaimer reclaimer);
/// Counts frames in page caches that reclaim could drop, for memory_use().
void count_cached(i64 frames);

/// One reference to a frame, released at the end of its life.
class FrameRef {
public:
    constexpr FrameRef() = default;
    /// Takes over a reference that the caller holds.
    static FrameRef adopt(Frame* frame) { FrameRef ref; ref.frame_ = frame; return ref; }
    static FrameRef of(Frame& frame) { retain(frame); return adopt(&frame); }
    FrameRef(FrameRef&& other) noexcept : frame_(other.leak()) {}
    FrameRef(const FrameRef& other) : frame_(other.frame_) { if (frame_) retain(*frame_); }
    FrameRef& operator=(FrameRef other) noexcept { auto* f = frame_; frame_ = other.frame_; other.frame_ = f; return *this; }
    ~FrameRef() { if (frame_) release(*frame_); }

    explicit operator bool() const { return frame_; }
    Frame* get() const { return frame_; }
    Frame& operator*() const { return *frame_; }
    PhysAddr address() const { return address_of(*frame_); }
    /// The frame's bytes in the kernel's direct map.
    std::byte* bytes() const { return bytes_of_frame(*frame_); }
    [[nodiscard]] Frame* leak() { auto* f = frame_; frame_ = nullptr; return f; }

private:
    Frame* frame_ = nullptr;
};

}  // namespace spore::memory
