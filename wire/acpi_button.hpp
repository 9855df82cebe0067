// How a machine that ACPI describes tells that its power button was pressed: by a bit of its fixed hardware [acpi 4.8.3.1.1], or by an event of a
// device that stands for all such (GED) [acpi 5.6.9].
#pragma once

#include "wire/acpi.hpp"

namespace spore::wire::acpi {

/// Registers of fixed events, as ports; 0 for one that is absent.
struct FixedButton {
    static constexpr u16 event = 1 << 8;   ///< in status and enable registers, of 16 bits
    static constexpr u16 enabled = 1 << 0; ///< in the control register: events are ours, no longer firmware's
    u16 status[2], enable[2], control;
    u16 command;         ///< firmware's port that gives events to us; 0: they always are ours
    u8 enable_command;   ///< what is written there for that
    struct {
        u16 port;
        u8 size;
    } others[2];         ///< where all other events are enabled, and in how many bytes
    u16 line;
};
/// Nothing where the machine has none of this kind.
std::optional<FixedButton> find_fixed_button(Table fadt);

/// A register that tells which events have come, once each.
struct EventButton {
    u64 address;
    u8 width;            ///< bytes: 1 or 4
    u32 mask;            ///< the button's bits
    u32 line;
    bool level, active_low;
};
/// The first event device that notifies a power button (PNP0C0C) when bits of one register in memory are set. Found by what such a method has to
/// look like, without running the bytecode: methods that are written in another way are not understood.
std::optional<EventButton> find_event_button(Table dsdt);

}  // namespace spore::wire::acpi
