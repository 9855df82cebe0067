// The part of the kernel's half where devices' registers are mapped, handed out once.
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"

namespace spore::arch {

class DeviceRegion {
public:
    constexpr DeviceRegion(u64 start, u64 end) : next_(start), end_(end) {}

    struct Place {
        u64 base, first, size;  ///< whole pages: where they go, and which of physical memory
        u64 registers;          ///< where what was asked for begins
    };
    /// Whole pages for [at, at + size). Firmware and devices say where that is: invalid when no page is there, or one at or above `physical_end`.
    /// no_memory when the region is full.
    Result<Place> take(PhysAddr at, u64 size, u64 physical_end) {
        if (!size || at.value >= physical_end || size > physical_end - at.value) return fail(Error::invalid);
        u64 first = align_down(at.value, page_size), bytes = align_up(at.value + size, page_size) - first;
        u64 base = __atomic_load_n(&next_, __ATOMIC_RELAXED);
        do
            if (bytes > end_ - base) return fail(Error::no_memory);
        while (!__atomic_compare_exchange_n(&next_, &base, base + bytes, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
        return Place{base, first, bytes, base + (at.value - first)};
    }

private:
    u64 next_, end_;
};

}  // namespace spore::arch
