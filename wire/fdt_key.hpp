// The key that turns a machine off, as a device tree describes it [linux Documentation/devicetree/bindings/input/gpio-keys.yaml].
#pragma once

#include "wire/fdt.hpp"

namespace spore::wire::fdt {

struct PowerKey {
    u64 controller;        ///< registers of a PL061
    ByteSpan interrupts;   ///< the controller's property of that name
    u8 pin;                ///< 0 to 7
    bool active_low;       ///< pressed means 0
};
/// The first key of KEY_POWER that is on a pin of a PL061.
std::optional<PowerKey> find_power_key(const Tree& tree);

}  // namespace spore::wire::fdt
