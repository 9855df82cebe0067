// A device's registers, which are big-endian.
#pragma once

#include <bit>

#include "kernel/drivers/bus/hardware.hpp"
#include "kernel/drivers/net/waiter.hpp"
#include "kernel/memory/frame.hpp"
#include "wire/gve.hpp"

namespace spore::drivers::gve {

using wire::gve::Register;

class Registers {
public:
    /// `revision`: the function's.
    Registers(Hardware& hardware, u8 revision, const Waiter& waiter) : hardware_(hardware), by_address_(revision >= wire::gve::told_by_address), waiter_(waiter) {}

    u32 read(Register r) { return std::byteswap(hardware_.read(static_cast<u32>(r))); }
    void write(Register r, u32 value) { hardware_.write(static_cast<u32>(r), std::byteswap(value)); }
    /// Whose driver this is, for the device's log.
    void tell_version(const char* text) {
        for (; *text; ++text) hardware_.write8(static_cast<u32>(Register::driver_version), static_cast<u8>(*text));
    }
    void offer_commands(PhysAddr page);
    /// Afterwards the device uses none of our memory. Nothing is done to one that nobody has used. timed_out.
    Result<void> reset();

    /// Until done() or for so long; whether it is.
    template <typename Done>
    bool wait(Duration patience, Done&& done) const { return waiter_.wait(patience, done); }

private:
    Hardware& hardware_;
    bool by_address_;
    const Waiter& waiter_;
    bool offered_ = false;
};

}  // namespace spore::drivers::gve
