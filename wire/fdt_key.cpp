#include "wire/fdt_key.hpp"

namespace spore::wire::fdt {
namespace {

constexpr u32 key_power = 116;  // linux,code [linux include/uapi/linux/input-event-codes.h]
constexpr u32 pins = 8;

struct Pin {
    u32 controller;  ///< its phandle
    u8 number;
    bool active_low;
};

/// Controller, pin, flags: what a PL061's pins are named by [linux Documentation/devicetree/bindings/gpio/pl061-gpio.yaml].
std::optional<Pin> pin_of(const Node& key) {
    auto cells = key.property("gpios");
    if (!cells || cells->size() != 12 || key.number("linux,code") != key_power) return std::nullopt;
    auto controller = *read_cells(*cells, 0, 1), number = *read_cells(*cells, 4, 1), flags = *read_cells(*cells, 8, 1);
    if (number >= pins) return std::nullopt;
    return Pin{static_cast<u32>(controller), static_cast<u8>(number), (flags & 1) != 0};
}

std::optional<Pin> find_pin(const Tree& tree) {
    std::optional<u32> keys;  // the depth of the node whose children are keys
    Walk walk(tree);
    while (auto node = walk.next()) {
        if (keys && node->depth() <= *keys) keys.reset();
        if (keys && node->depth() == *keys + 1)
            if (auto pin = pin_of(*node)) return pin;
        if (node->enabled() && node->compatible() == "gpio-keys") keys = node->depth();
    }
    return std::nullopt;
}

}  // namespace

std::optional<PowerKey> find_power_key(const Tree& tree) {
    auto pin = find_pin(tree);
    if (!pin) return std::nullopt;
    Walk walk(tree);
    while (auto node = walk.next()) {
        if (node->number("phandle") != pin->controller || !(node->compatible() == "arm,pl061") || !node->enabled()) continue;
        auto registers = node->region(0);
        auto interrupts = node->property("interrupts");
        if (!registers || !interrupts) return std::nullopt;
        return PowerKey{registers->address, *interrupts, pin->number, pin->active_low};
    }
    return std::nullopt;
}

}  // namespace spore::wire::fdt
