// A page that a device's two ends share: requests and answers, in the same slots [xen/include/public/io/ring.h].
#pragma once

#include <cstddef>

#include "base/types.hpp"

namespace spore::wire::xen {

/// Producers count without end; events are the counts at which a side wants to be told.
struct RingHead {
    u32 request_producer, request_event, answer_producer, answer_event;
    std::byte unused[48];
};
static_assert(sizeof(RingHead) == 64);

/// As many slots as fit a page, a power of 2.
constexpr u32 ring_slots(std::size_t slot) {
    u32 slots = 1;
    while (slots * 2 * slot <= 4096 - sizeof(RingHead)) slots *= 2;
    return slots;
}

}  // namespace spore::wire::xen
