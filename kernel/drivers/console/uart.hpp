// What comes in at a serial port, of the two kinds that machines have. Another part of the kernel has set their rate, and writes (arch/serial.hpp).
#pragma once

#include <optional>

#include "base/types.hpp"

namespace spore::drivers {

/// A PC's [national PC16550D]. `Io` has read(register) and write(register, value).
template <typename Io>
class Ns16550 {
public:
    explicit Ns16550(Io io) : io_(io) {}

    void start() {
        io_.write(modem_control, ready_to_send | data_terminal_ready | interrupts_leave);
        io_.write(interrupt_enable, on_received);
    }
    /// The next byte that has come; those that came damaged, or stand for a break, are left out.
    std::optional<u8> take() {
        while (true) {
            u8 now = io_.read(line_status);
            if (now == 0xff || !(now & received)) return std::nullopt;
            u8 byte = io_.read(data);
            if (!(now & (framing_error | is_break))) return byte;
        }
    }

private:
    enum Register : u8 { data = 0, interrupt_enable = 1, modem_control = 4, line_status = 5 };
    enum Bits : u8 {
        on_received = 1 << 0,                                                                   // interrupt_enable
        data_terminal_ready = 1 << 0, ready_to_send = 1 << 1, interrupts_leave = 1 << 3,        // modem_control; the last is called OUT2
        received = 1 << 0, framing_error = 1 << 3, is_break = 1 << 4,                           // line_status
    };
    Io io_;
};

/// Arm's [arm/DDI0183]. `Io` has read(offset) and write(offset, value).
template <typename Io>
class Pl011 {
public:
    explicit Pl011(Io io) : io_(io) {}

    void start() {
        io_.write(control, io_.read(control) | receives | enabled);
        io_.write(interrupt_clear, on_received | on_pause);
        io_.write(interrupt_mask, on_received | on_pause);
    }
    std::optional<u8> take() {
        while (!(io_.read(flags) & nothing_received)) {
            u32 word = io_.read(data);
            if (!(word & (framing_error | is_break))) return static_cast<u8>(word);
        }
        return std::nullopt;
    }

private:
    enum Register : u32 { data = 0x00, flags = 0x18, control = 0x30, interrupt_mask = 0x38, interrupt_clear = 0x44 };
    enum Bits : u32 {
        framing_error = 1 << 8, is_break = 1 << 10,        // data
        nothing_received = 1 << 4,                         // flags
        enabled = 1 << 0, receives = 1 << 9,               // control
        on_received = 1 << 4, on_pause = 1 << 6,           // interrupts: so much has come, or nothing more for a while
    };
    Io io_;
};

}  // namespace spore::drivers
