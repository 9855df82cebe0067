// What asks a machine to stop, against devices that do as theirs does.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <map>

#include "kernel/drivers/power/fixed_button.hpp"
#include "kernel/drivers/power/gpio_key.hpp"
#include "kernel/drivers/power/keyboard.hpp"

namespace spore::drivers::power {
namespace {

/// Fixed events at 0x600 (status, enable, control) and at 0x700 (the second status and enable), others at 0x620; firmware listens at 0xb2.
struct Chipset {
    u32 status[2] = {}, enable[2] = {}, control = 0, others[4] = {0xff, 0xff, 0xff, 0xff};
    int reads_until_given = 3;
    bool asked = false;

    u32 read(u16 port, u32 size) {
        EXPECT_EQ(size, 2u);
        if (port == 0x604) {
            if (asked && reads_until_given-- == 0) control |= 1;
            return control;
        }
        return (port & 2 ? enable : status)[port >= 0x700];
    }
    void write(u16 port, u32 size, u32 value) {
        if (port >= 0x620 && port < 0x628) others[port - 0x624] = value;
        else if (port == 0xb2) asked |= value == 0xa1 && size == 1;
        else if (port & 2) enable[port >= 0x700] = value;
        else status[port >= 0x700] &= ~value;
    }
};
struct ChipsetPorts {
    Chipset* chipset;
    u32 read(u16 port, u32 size) { return chipset->read(port, size); }
    void write(u16 port, u32 size, u32 value) { chipset->write(port, size, value); }
};

wire::acpi::FixedButton registers() {
    return {.status = {0x600, 0x700}, .enable = {0x602, 0x702}, .control = 0x604, .command = 0xb2, .enable_command = 0xa1, .others = {{0x624, 4}, {0, 0}}, .line = 9};
}

TEST(FixedPowerButton, IsTakenOverAndHeard) {
    Chipset chipset;
    chipset.status[0] = 0x8100;  // pressed before, and woken by it
    FixedButton button(registers(), ChipsetPorts{&chipset});
    ASSERT_TRUE(button.start());
    EXPECT_EQ(chipset.enable[0], 0x100u);
    EXPECT_EQ(chipset.enable[1], 0x100u);
    for (u32 other : chipset.others) EXPECT_EQ(other, 0u);
    EXPECT_FALSE(button.pressed()) << "what was before does not count";
    chipset.status[1] |= 0x100;
    EXPECT_TRUE(button.pressed());
    EXPECT_FALSE(button.pressed()) << "acknowledged";
    chipset.status[0] |= 0x1;  // the timer's
    EXPECT_FALSE(button.pressed());
}

TEST(FixedPowerButton, FirmwareMayKeepIt) {
    Chipset chipset;
    chipset.reads_until_given = -1;
    FixedButton button(registers(), ChipsetPorts{&chipset});
    EXPECT_FALSE(button.start());
    EXPECT_EQ(chipset.enable[0], 0u);
    chipset.control = 1;
    EXPECT_TRUE(button.start());
    EXPECT_TRUE(chipset.asked);
}

struct Pl061 {
    std::map<u32, u32> registers{{0x400, 0xff}, {0x404, 0xff}, {0x408, 0xff}, {0x40c, 0x00}, {0x410, 0xff}};
    u32 raised = 0;
    u32 read(u32 offset) { return offset == 0x418 ? raised & registers[0x410] : registers[offset]; }
    void write(u32 offset, u32 value) {
        if (offset == 0x41c) raised &= ~value;
        else registers[offset] = value;
    }
};
struct Pl061Registers {
    Pl061* device;
    u32 read(u32 offset) { return device->read(offset); }
    void write(u32 offset, u32 value) { device->write(offset, value); }
};

TEST(GpioPowerKey, InterruptsOnlyWhenItGoesDown) {
    for (bool active_low : {false, true}) {
        Pl061 device;
        device.raised = 0xff;
        GpioKey key(3, active_low, Pl061Registers{&device});
        key.start();
        EXPECT_EQ(device.registers, (std::map<u32, u32>{{0x400, 0xf7}, {0x404, 0xf7}, {0x408, 0xf7}, {0x40c, active_low ? 0u : 8u}, {0x410, 8}}));
        EXPECT_FALSE(key.pressed());
        device.raised |= 8;
        EXPECT_TRUE(key.pressed());
        EXPECT_FALSE(key.pressed());
    }
}

bool take(CtrlAltDel& keys, std::initializer_list<u8> bytes) {
    bool complete = false;
    for (u8 byte : bytes) {
        EXPECT_FALSE(complete) << "it was complete before its end";
        complete = keys.take(byte);
    }
    return complete;
}

TEST(CtrlAltDel, IsCompleteWithTheLastKey) {
    CtrlAltDel keys;
    EXPECT_TRUE(take(keys, {0x14, 0x11, 0xe0, 0x71}));
    EXPECT_FALSE(take(keys, {0xe0, 0x71, 0xe0, 0x71})) << "held down";
    EXPECT_TRUE(take(keys, {0x14, 0x11, 0xe0, 0x71})) << "Firecracker lets go of nothing";
    EXPECT_TRUE(take(keys, {0xe0, 0x11, 0xe0, 0x14, 0xe0, 0x71})) << "the right ones";
}

TEST(CtrlAltDel, OtherKeysAreNot) {
    CtrlAltDel keys;
    EXPECT_FALSE(take(keys, {0x14, 0x11, 0x71})) << "the numeric pad's, without number lock";
    EXPECT_FALSE(take(keys, {0xf0, 0x14, 0xe0, 0x71})) << "without Ctrl";
    EXPECT_FALSE(take(keys, {0x14, 0xf0, 0x11, 0xe0, 0x71})) << "without Alt";
    EXPECT_FALSE(take(keys, {0x11, 0xe0, 0xf0, 0x71})) << "let go";
    EXPECT_FALSE(take(keys, {0xfa, 0xaa, 0x00, 0xff, 0x1c, 0xf0, 0x1c}));
    EXPECT_TRUE(take(keys, {0xe0, 0x71})) << "Ctrl and Alt are held still";
}

/// A keyboard controller as the two that matter have it.
struct Controller {
    std::deque<u8> output;
    u8 settings = 0x40, command = 0;
    bool busy = false, mouse = false, scanning = false;

    u32 read(u16 port, u32) {
        if (port == 0x64) return (output.empty() ? 0u : 1u) | (busy ? 2u : 0u) | (mouse ? 0x20u : 0u);
        if (output.empty()) return 0;
        u8 byte = output.front();
        output.pop_front();
        return byte;
    }
    void write(u16 port, u32, u32 value) {
        if (port == 0x64) command = static_cast<u8>(value);
        else if (std::exchange(command, 0) == 0x60) settings = static_cast<u8>(value);
        else scanning |= value == 0xf4, output.push_back(0xfa);
    }
};
struct ControllerPorts {
    Controller* controller;
    u32 read(u16 port, u32 size) { return controller ? controller->read(port, size) : 0xff; }
    void write(u16 port, u32 size, u32 value) {
        if (controller) controller->write(port, size, value);
    }
};

TEST(Keyboard, IsHeardUntranslated) {
    Controller controller;
    Keyboard keyboard(ControllerPorts{&controller});
    ASSERT_TRUE(keyboard.start());
    EXPECT_EQ(controller.settings, 0x25);
    EXPECT_TRUE(controller.scanning);
    EXPECT_FALSE(keyboard.pressed()) << "the keyboard's answer";
    for (u8 byte : {0x14, 0x11, 0xe0, 0x71}) controller.output.push_back(byte);
    EXPECT_TRUE(keyboard.pressed());
    EXPECT_TRUE(controller.output.empty());
    controller.mouse = true;
    for (u8 byte : {0x14, 0x11, 0xe0, 0x71}) controller.output.push_back(byte);
    EXPECT_FALSE(keyboard.pressed());
}

TEST(Keyboard, MayBeAbsentOrDead) {
    Keyboard none(ControllerPorts{nullptr});
    EXPECT_FALSE(none.start());
    Controller controller{.busy = true};
    Keyboard dead(ControllerPorts{&controller});
    EXPECT_FALSE(dead.start());
    Controller endless;
    endless.output.assign(1000, 0x14);
    Keyboard stuck(ControllerPorts{&endless});
    EXPECT_FALSE(stuck.pressed());
    EXPECT_EQ(endless.output.size(), 936u) << "it does not hold the machine up";
}

}  // namespace
}  // namespace spore::drivers::power
