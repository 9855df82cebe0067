// What the device tells unasked: a ring of events.
#pragma once

#include "kernel/drivers/net/completions.hpp"
#include "kernel/drivers/net/ena/registers.hpp"

namespace spore::drivers::ena {

class EventQueue {
public:
    explicit EventQueue(Registers& registers) : registers_(registers) {}

    /// Makes the ring and tells the device of it, which has just been reset. no_memory.
    Result<void> open() {
        page_ = memory::FrameRef::adopt(TRY(memory::allocate_zeroed_frames()));
        events_.open(page_.bytes(), size);
        taken_ = 0;
        registers_.write_address(Register::events_low, Register::events_high, page_.address());
        registers_.write(Register::events_shape, wire::ena::shape(size, sizeof(wire::ena::Event)));
        return {};
    }
    /// The device may use all of it.
    void start() { registers_.write(Register::events_doorbell, size); }

    /// Calls visit(Event) for what has come, no more than there is room for.
    template <typename F>
    void take(F&& visit) {
        u32 count = 0;
        for (; count < size && events_.has_news(); ++count) visit(events_.take());
        if (!count) return;
        taken_ += count;
        std::atomic_thread_fence(std::memory_order_seq_cst);  // read before they are given back
        registers_.write(Register::events_doorbell, (size + taken_) & 0xffff);
    }

    static constexpr u32 size = 16;

private:
    Registers& registers_;
    memory::FrameRef page_;
    Completions<wire::ena::Event> events_;
    u32 taken_ = 0;
};

}  // namespace spore::drivers::ena
