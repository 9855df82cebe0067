// The controllers that the driver knows. All are offered by hypervisors: QEMU (82540EM, 82545EM, 82574L), VirtualBox (82540EM, 82545EM),
// VMware (82545EM, 82574L).
#pragma once

#include "wire/e1000.hpp"

namespace spore::drivers::e1000 {

struct Model {
    u16 product;
    const char* driver;
    wire::e1000::EepromLayout eeprom;
    bool has_messages;  ///< MSI-X
    bool segments;      ///< cuts TCP over IPv4 into segments
};

inline constexpr u16 vendor = 0x8086;
// The 82574L can cut segments too, but QEMU's did it by IP fragmentation up to version 7.2, wherever the network behind it does not take large
// packets; and over IPv6 both of QEMU's write headers that nobody accepts.
inline constexpr Model models[] = {
    {.product = 0x100e, .driver = "e1000", .eeprom = wire::e1000::eeprom_8254x, .has_messages = false, .segments = true},  // 82540EM
    {.product = 0x100f, .driver = "e1000", .eeprom = wire::e1000::eeprom_8254x, .has_messages = false, .segments = true},  // 82545EM
    {.product = 0x10d3, .driver = "e1000e", .eeprom = wire::e1000::eeprom_82574, .has_messages = true, .segments = false}, // 82574L
};

/// Null when it is none of them.
constexpr const Model* find_model(u16 product) {
    for (auto& model : models)
        if (model.product == product) return &model;
    return nullptr;
}

}  // namespace spore::drivers::e1000
