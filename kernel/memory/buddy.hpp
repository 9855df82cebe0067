// The buddy allocator behind frame.hpp: free blocks by order, and ranges of memory that nobody has asked for yet.
// A block's first record is written when the block is made by splitting, never earlier. Its caller holds the lock.
#pragma once

#include <span>

#include "kernel/memory/frame.hpp"

namespace spore::memory {

class Buddy {
public:
    /// Makes frames [first, end) available. Touches neither them nor their records.
    void add(u64 first, u64 end);
    /// A block with no references; null when there is none.
    Frame* allocate(unsigned order);
    /// Up to out.size() single frames, whole blocks at a time; how many.
    std::size_t allocate_singles(std::span<Frame*> out);
    void free(Frame& frame, unsigned order);

    /// A block of the highest order that was in use once, out of the lists while the host is asked to take its memory; null when there is none.
    Frame* take_idle();
    /// Back into them; `taken`: its memory is the host's until it is used again, which it is last of all.
    void put_idle(Frame& block, bool taken);

    bool manages(u64 number) const { return range_of(number); }
    u64 total() const { return total_; }
    u64 available() const { return available_; }

private:
    struct Range {
        u64 first, end;
        u64 untouched;  ///< frames from here on have never been handed out
    };
    static constexpr std::size_t max_ranges = 32;

    const Range* range_of(u64 number) const {
        for (std::size_t i = 0; i < range_count_; ++i)
            if (number - ranges_[i].first < ranges_[i].end - ranges_[i].first) return &ranges_[i];
        return nullptr;
    }
    /// Moves the next chunk of a range into the lists; false when all are there.
    bool activate_chunk();
    Frame* take(unsigned order);
    /// Where memory comes by touch: asks for the block's, and a little more, unless it came before.
    void bring(const Frame& block, u64 frames);
    void push(Frame& frame, unsigned order);
    void remove(Frame& frame, unsigned order);

    Frame* lists_[max_order + 1] = {};
    Frame* taken_ = nullptr;  ///< blocks of the highest order that the host has taken
    Range ranges_[max_ranges] = {};
    std::size_t range_count_ = 0;
    std::size_t activating_ = 0;  ///< ranges before this one are used up
    u64 brought_ = 0;             ///< frames from here on have not been asked for
    u64 total_ = 0;
    u64 available_ = 0;
};

}  // namespace spore::memory
