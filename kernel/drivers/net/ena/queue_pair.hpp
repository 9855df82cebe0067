// A submission queue and its completion queue, as the device makes them.
#pragma once

#include "kernel/drivers/net/ena/command_queue.hpp"

namespace spore::drivers::ena {

/// BAR 2, which some queues lie in.
struct Memory {
    volatile u64* words = nullptr;
    u32 size = 0;
};

class QueuePair {
public:
    struct Shape {
        u8 direction;
        u16 depth;
        PhysAddr submissions, completions;  ///< submissions: 0 when they lie in the device's memory
        u16 completion_size;
        u16 vector;
        u32 memory_needed = 0;
    };
    /// io when the device names places beyond its BARs.
    Result<void> open(CommandQueue& commands, Hardware& registers, u32 register_space, const Memory& memory, const Shape& shape);

    void tell(u16 tail) { registers_->write(doorbell_, tail); }
    void unmask_interrupt() { registers_->write(unmask_, wire::ena::unmask_interrupt); }
    /// Where submissions lie in the device's memory, in bytes.
    u32 memory_offset() const { return memory_offset_; }

private:
    Hardware* registers_ = nullptr;
    u32 doorbell_ = 0, unmask_ = 0, memory_offset_ = 0;
};

}  // namespace spore::drivers::ena
