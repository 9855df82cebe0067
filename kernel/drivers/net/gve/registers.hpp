// A device's registers, which are big-endian.
#pragma once

#include <bit>

#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/time/timer.hpp"
#include "wire/gve.hpp"

namespace spore::drivers::gve {

using wire::gve::Register;

class Registers {
public:
    /// How a wait passes the time until it looks again.
    using Pause = void (*)();

    /// `revision`: the function's.
    Registers(Hardware& hardware, u8 revision, Pause pause) : hardware_(hardware), by_address_(revision >= wire::gve::told_by_address), pause_(pause) {}

    u32 read(Register r) { return std::byteswap(hardware_.read(static_cast<u32>(r))); }
    void write(Register r, u32 value) { hardware_.write(static_cast<u32>(r), std::byteswap(value)); }
    /// Whose driver this is, for the device's log.
    void tell_version(const char* text) {
        for (; *text; ++text) hardware_.write8(static_cast<u32>(Register::driver_version), static_cast<u8>(*text));
    }
    void offer_commands(PhysAddr page);
    /// Afterwards the device uses none of our memory. Nothing is done to one that nobody has used. timed_out.
    Result<void> reset();
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
    bool by_address_;
    Pause pause_;
    bool offered_ = false;
};

}  // namespace spore::drivers::gve
