// What the two queues have in common: two rings in memory, and doorbells in BAR 2.
#pragma once

#include <algorithm>

#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/memory/frame.hpp"
#include "wire/gve.hpp"

namespace spore::drivers::gve {

/// As the device has made a queue.
class QueueDoorbells {
public:
    QueueDoorbells() = default;
    QueueDoorbells(Hardware& words, u32 queue, u32 interrupt) : words_(&words), queue_(queue), interrupt_(interrupt) {}

    void tell(u32 place) { words_->write(queue_ * sizeof(u32), place); }
    void unmask(u32 how = wire::gve::unmask_interrupt | wire::gve::keep_interval) { words_->write(interrupt_ * sizeof(u32), how); }

private:
    Hardware* words_ = nullptr;
    u32 queue_ = 0, interrupt_ = 0;
};

/// Rings of the device are as long as it says.
inline constexpr u32 least_entries = 256, most_entries = 4096;

/// Zeroed memory of so many bytes, in one piece. no_memory.
inline Result<memory::FrameRef> make_ring(u64 bytes) {
    unsigned order = 0;
    while ((page_size << order) < bytes) ++order;
    return memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames(order)));
}

}  // namespace spore::drivers::gve
