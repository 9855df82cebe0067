// A device's registers. Most devices do not let them be read: the driver asks, and the device writes the value to memory.
#pragma once

#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/drivers/net/waiter.hpp"
#include "kernel/memory/frame.hpp"
#include "wire/ena.hpp"

namespace spore::drivers::ena {

using wire::ena::Register;

class Registers {
public:
    Registers(Hardware& hardware, bool plain, const Waiter& waiter) : hardware_(hardware), plain_(plain), waiter_(waiter) {}

    /// no_memory.
    Result<void> open();
    bool is_open() const { return !!page_; }
    /// Where the device writes what is asked for. After a reset it is to be told again.
    void offer_memory();
    /// timed_out: the device does not answer. io: it answers something else.
    Result<u32> read(Register r);
    void write(Register r, u32 value) { hardware_.write(static_cast<u32>(r), value); }
    void write_address(Register low, Register high, PhysAddr address) {
        write(low, static_cast<u32>(address.value));
        write(high, static_cast<u32>(address.value >> 32));
    }

    /// Until done() or for so long; whether it is.
    template <typename Done>
    bool wait(Duration patience, Done&& done) const { return waiter_.wait(patience, done); }

private:
    Hardware& hardware_;
    bool plain_;
    const Waiter& waiter_;
    memory::FrameRef page_;
    u16 request_ = 0;
};

}  // namespace spore::drivers::ena
