// A device's registers. Most devices do not let them be read: the driver asks, and the device writes the value to memory.
#pragma once

#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/time/timer.hpp"
#include "wire/ena.hpp"

namespace spore::drivers::ena {

using wire::ena::Register;

class Registers {
public:
    /// How a wait passes the time until it looks again.
    using Pause = void (*)();

    Registers(Hardware& hardware, bool plain, Pause pause) : hardware_(hardware), plain_(plain), pause_(pause) {}

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
    void set_pause(Pause pause) { pause_ = pause; }

    /// Until done() or for so long; whether it is.
    template <typename Done>
    bool wait(Duration patience, Done&& done) {
        for (auto deadline = time::now() + patience; !done(); pause_())
            if (time::now() >= deadline) return false;
        return true;
    }

private:
    Hardware& hardware_;
    bool plain_;
    Pause pause_;
    memory::FrameRef page_;
    u16 request_ = 0;
};

}  // namespace spore::drivers::ena
