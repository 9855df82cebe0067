// Physical memory in frames of 4 KiB. Every frame has a Frame record (32 bytes), found by its number.
// A buddy allocator hands out blocks of 2^order frames, with a small cache per CPU in front of it; memory is given to it in 2 MiB
// chunks as it is needed, so that boot does not depend on how much there is.
#pragma once

#include <atomic>

#include "base/result.hpp"
#include "base/types.hpp"

namespace spore::memory {

inline constexpr unsigned max_order = 9;  ///< 2 MiB

struct Frame {
    std::atomic<u32> references;  ///< owners of the block; 0 while it is free
    u8 order;                     ///< of the block that this frame starts
    u8 kind;                      ///< kernel/memory's own
    u16 flags;
    u64 owner;                    ///< whoever holds the frame may use these three
    u64 index;
    u64 link;
};
static_assert(sizeof(Frame) == 32);

/// Makes [start, end) available. Called at boot for each range of usable memory, before anything is allocated; the first
/// call's range must be able to hold the Frame records for everything up to `highest`.
void add_memory(PhysAddr start, PhysAddr end, PhysAddr highest);

Frame& frame_of(PhysAddr address);
PhysAddr address_of(const Frame& frame);

/// One block of 2^order frames with one reference, contents undefined. no_memory when there is none.
Result<Frame*> allocate_frames(unsigned order = 0);
/// The same, filled with zeros.
Result<Frame*> allocate_zeroed_frames(unsigned order = 0);
inline void retain(Frame& frame) { frame.references.fetch_add(1, std::memory_order_relaxed); }
/// The last release frees the block. Frames outside of add_memory's ranges (an initrd's) are never freed.
void release(Frame& frame);

struct MemoryUse {
    u64 total;  ///< bytes that were added
    u64 free;   ///< bytes in no use, chunks not yet touched included
    u64 cached; ///< bytes in page caches that could be dropped
};
MemoryUse memory_use();

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
    std::byte* bytes() const;
    [[nodiscard]] Frame* leak() { auto* f = frame_; frame_ = nullptr; return f; }

private:
    Frame* frame_ = nullptr;
};

}  // namespace spore::memory
