// The power button among ACPI's fixed events [acpi 4.8.3.1]: a status bit, an enable bit, and one interrupt for all such events.
#pragma once

#include "wire/acpi_button.hpp"

namespace spore::drivers::power {

/// `Io` has read(port, size) and write(port, size, value) of I/O ports.
template <typename Io>
class FixedButton {
public:
    constexpr FixedButton() = default;
    FixedButton(const wire::acpi::FixedButton& registers, Io io) : registers_(registers), io_(io) {}

    /// Makes the button the only event that interrupts. What was pressed before the machine was on does not count. False when firmware does not give
    /// the events to us.
    bool start() {
        for (auto& others : registers_.others)
            for (u8 i = 0; others.port && i < others.size; ++i) io_.write(static_cast<u16>(others.port + i), 1, 0);
        if (!take_over()) return false;
        for (unsigned i = 0; i < 2; ++i) {
            if (!registers_.status[i]) continue;
            io_.write(registers_.status[i], 2, wire::acpi::FixedButton::event);
            io_.write(registers_.enable[i], 2, wire::acpi::FixedButton::event);
        }
        return true;
    }

    /// On an interrupt, which others may share: whether the button was pressed. Acknowledges it.
    bool pressed() {
        bool found = false;
        for (auto port : registers_.status) {
            if (!port || !(io_.read(port, 2) & wire::acpi::FixedButton::event)) continue;
            io_.write(port, 2, wire::acpi::FixedButton::event);
            found = true;
        }
        return found;
    }

private:
    bool is_ours() { return !registers_.control || (io_.read(registers_.control, 2) & wire::acpi::FixedButton::enabled); }
    /// Asks firmware for the events, where it has them [acpi 4.8.2.5].
    bool take_over() {
        constexpr int patience = 100'000;  // reads of a port: a tenth of a second and more
        if (is_ours()) return true;
        if (!registers_.command) return false;
        io_.write(registers_.command, 1, registers_.enable_command);
        for (int i = 0; i < patience; ++i)
            if (is_ours()) return true;
        return false;
    }

    wire::acpi::FixedButton registers_{};
    [[no_unique_address]] Io io_{};
};

}  // namespace spore::drivers::power
