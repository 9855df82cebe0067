// A power key on a pin of Arm's PL061 [arm/DDI0190].
#pragma once

#include "base/types.hpp"

namespace spore::drivers::power {

/// `Io` has read(offset) and write(offset, value) of the controller's registers, of which each is 8 bits of 32.
template <typename Io>
class GpioKey {
public:
    constexpr GpioKey() = default;
    GpioKey(u8 pin, bool active_low, Io io) : bit_(u32{1} << pin), active_low_(active_low), io_(io) {}

    /// The pin is an input that interrupts when the key goes down; the other pins stay as they are, and silent.
    void start() {
        io_.write(interrupt_mask, 0);
        set(direction, false), set(level_sensitive, false), set(both_edges, false), set(rising, !active_low_);
        io_.write(interrupt_clear, bit_);
        io_.write(interrupt_mask, bit_);
    }

    /// On an interrupt: whether the key was pressed. Acknowledges it.
    bool pressed() {
        if (!(io_.read(masked_status) & bit_)) return false;
        io_.write(interrupt_clear, bit_);
        return true;
    }

private:
    enum Register : u32 {
        direction = 0x400, level_sensitive = 0x404, both_edges = 0x408, rising = 0x40c, interrupt_mask = 0x410, masked_status = 0x418, interrupt_clear = 0x41c,
    };
    void set(Register which, bool on) {
        u32 old = io_.read(which);
        io_.write(which, on ? old | bit_ : old & ~bit_);
    }

    u32 bit_ = 0;
    bool active_low_ = false;
    Io io_{};
};

}  // namespace spore::drivers::power
