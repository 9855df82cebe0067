// Power buttons in ACPI's tables, as QEMU and cloud-hypervisor write them.
#include "wire/acpi_button.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spore::wire::acpi {
namespace {

using Bytes = std::vector<std::byte>;

Table table_of(const std::string& text) { return {std::as_bytes(std::span(text))}; }

/// A FADT of a PC, as far as it is read for this.
std::string fadt() {
    std::string table(132, '\0');
    table.replace(0, 4, "FACP");
    auto put = [&](std::size_t at, u32 value, unsigned size) {
        for (unsigned i = 0; i < size; ++i) table[at + i] = static_cast<char>(value >> 8 * i);
    };
    put(46, 9, 2);              // SCI_INT
    put(48, 0xb2, 4);           // SMI_CMD
    put(52, 2, 1);              // ACPI_ENABLE
    put(56, 0x600, 4);          // PM1a_EVT_BLK
    put(64, 0x604, 4);          // PM1a_CNT_BLK
    put(80, 0x620, 4);          // GPE0_BLK
    put(88, 4, 1), put(92, 16, 1);
    return table;
}

TEST(FixedButton, IsFoundWithItsRegisters) {
    auto text = fadt();
    auto button = find_fixed_button(table_of(text));
    ASSERT_TRUE(button);
    EXPECT_EQ(button->status[0], 0x600);
    EXPECT_EQ(button->enable[0], 0x602);
    EXPECT_EQ(button->status[1], 0);
    EXPECT_EQ(button->enable[1], 0);
    EXPECT_EQ(button->control, 0x604);
    EXPECT_EQ(button->others[0].port, 0x628);
    EXPECT_EQ(button->others[0].size, 8);
    EXPECT_EQ(button->others[1].port, 0);
    EXPECT_EQ(button->line, 9);
    EXPECT_EQ(button->command, 0xb2);
    EXPECT_EQ(button->enable_command, 2);
    text[52] = 0;
    EXPECT_EQ(find_fixed_button(table_of(text))->command, 0) << "events are always ours";
}

TEST(FixedButton, IsAbsentWhereTheTableSaysSo) {
    auto with = [](std::size_t at, u8 value) {
        auto text = fadt();
        text[at] = static_cast<char>(value);
        return find_fixed_button(table_of(text)).has_value();
    };
    EXPECT_FALSE(with(112, 0x10)) << "a button with a method";
    EXPECT_FALSE(with(114, 0x10)) << "hardware-reduced";
    EXPECT_FALSE(with(57, 0)) << "no registers";
    EXPECT_FALSE(with(88, 2)) << "too few registers";
    EXPECT_FALSE(with(0, 'X'));
    EXPECT_FALSE(find_fixed_button(table_of(fadt().substr(0, 115))));
}

std::string bytes(std::initializer_list<int> values) {
    std::string text;
    for (int value : values) text += static_cast<char>(value);
    return text;
}

const std::string header(36, '\0');
const std::string id = bytes({0x08}) + "_HID" + bytes({0x0d}) + "ACPI0013" + bytes({0});
std::string resources(int flags = 3, int line = 9) { return bytes({0x08}) + "_CRS" + bytes({0x11, 0x0e, 0x0a, 0x0b, 0x89, 6, 0, flags, 1, line, 0, 0, 0, 0x79, 0}); }
const std::string button_device = bytes({0x5b, 0x82, 0x19}) + "PWRB" + bytes({0x08}) + "_HID" + bytes({0x0d}) + "PNP0C0C" + bytes({0});

/// As QEMU 7.2's microvm has it.
std::string qemu(const std::string& resources_text = resources()) {
    return header + bytes({0x5b, 0x82, 0x4c, 6}) + "GED_" + id + resources_text + bytes({0x5b, 0x80}) + "EREG" + bytes({0, 0x0c, 0, 0, 0xa0, 0xfe, 0x0a, 4, 0x5b, 0x81, 0x0b}) + "EREG" +
           bytes({0x43}) + "ESEL" + bytes({0x20, 0x14, 0x1d}) + "_EVT" + bytes({9, 0x70}) + "ESEL" + bytes({0x60, 0xa0, 0x10, 0x93, 0x7b, 0x60, 0x0a, 2, 0, 0x0a, 2, 0x86}) + "PWRB" + bytes({0x0a, 0x80}) +
           button_device;
}

TEST(EventButton, IsFoundInQemusTable) {
    auto text = qemu();
    auto button = find_event_button(table_of(text));
    ASSERT_TRUE(button);
    EXPECT_EQ(button->address, 0xfea0'0000u);
    EXPECT_EQ(button->width, 4);
    EXPECT_EQ(button->mask, 2u);
    EXPECT_EQ(button->line, 9u);
    EXPECT_FALSE(button->level);
    EXPECT_FALSE(button->active_low);
    auto level = qemu(resources(0x05, 41));
    button = find_event_button(table_of(level));
    EXPECT_EQ(button->line, 41u);
    EXPECT_TRUE(button->level);
    EXPECT_TRUE(button->active_low);
}

TEST(EventButton, IsFoundBehindItsPathAndOtherEvents) {
    // A register of one byte, its address in 64 bits, the button's id as a number, more events than one.
    auto notify = [](int mask, const std::string& whom) { return bytes({0x7b, 0x60, 0x0a, mask, 0x61, 0xa0, 0x17, 0x93, 0x61, 0x0a, mask, 0x86}) + whom + bytes({0x0a, 0x80}); };
    auto text = header + id + resources() + bytes({0x5b, 0x80}) + "GDST" + bytes({0, 0x0e, 0, 0x10, 0, 0xd0, 0xfe, 0xff, 0, 0, 1}) + notify(4, bytes({0x5c, 0x2e}) + "_SB_MHPC") +
                notify(8, bytes({0x5c, 0x2e}) + "_SB_PWRB") + bytes({0x5b, 0x82, 0x19}) + "PWRB" + bytes({0x08}) + "_HID" + bytes({0x0c, 0x41, 0xd0, 0x0c, 0x0c});
    auto button = find_event_button(table_of(text));
    ASSERT_TRUE(button);
    EXPECT_EQ(button->address, 0xfffe'd000'1000u);
    EXPECT_EQ(button->width, 1);
    EXPECT_EQ(button->mask, 8u);
}

TEST(EventButton, WhatIsNotUnderstoodIsNotThere) {
    auto whole = qemu();
    EXPECT_FALSE(find_event_button(table_of(whole.substr(0, whole.size() - button_device.size())))) << "no button";
    for (auto [from, to] : {std::pair{"ACPI0013", "ACPI0012"}, {"PWRB\x0a\x80", "OTHR\x0a\x80"}, {"PWRB\x0a\x80", "PWRB\x0a\x02"}, {"\x7b\x60", "\x7d\x60"}, {"\x89\x06", "\x88\x06"}}) {
        auto text = whole;
        text.replace(text.find(from), std::string_view(from).size(), to);
        EXPECT_FALSE(find_event_button(table_of(text))) << from;
    }
    auto port = whole;
    port[port.find("EREG") + 4] = 1;
    EXPECT_FALSE(find_event_button(table_of(port))) << "a register in I/O space";
    for (std::size_t size = 0; size < whole.size() - button_device.size(); ++size) (void)find_event_button(table_of(whole.substr(0, size) + button_device));
}

}  // namespace
}  // namespace spore::wire::acpi
