// What comes in at serial ports of both kinds, and what is kept of it.
#include "kernel/drivers/console/uart.hpp"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <string>

#include "kernel/drivers/console/typed.hpp"

namespace spore::drivers {
namespace {

/// One byte and how it came: damaged bits as each kind has them.
struct Came {
    u8 byte;
    u32 damage = 0;
};

struct Pc16550 {
    std::deque<Came> input;
    std::map<u8, u8> written;
    u8 read(u8 which) {
        if (which == 5) return static_cast<u8>(0x60 | (input.empty() ? 0 : 1 | input.front().damage));
        EXPECT_EQ(which, 0);
        auto came = input.front();
        input.pop_front();
        return came.byte;
    }
    void write(u8 which, u8 value) { written[which] = value; }
};
struct ArmPl011 {
    std::deque<Came> input;
    std::map<u32, u32> registers{{0x30, 0x101}};
    u32 read(u32 offset) {
        if (offset == 0x18) return input.empty() ? 0x90 : 0x80;
        if (offset != 0) return registers[offset];
        auto came = input.front();
        input.pop_front();
        return came.byte | came.damage;
    }
    void write(u32 offset, u32 value) { registers[offset] = value; }
};
template <typename Device>
struct Io {
    Device* device;
    auto read(auto which) { return device->read(which); }
    void write(auto which, auto value) { device->write(which, static_cast<decltype(device->read(which))>(value)); }
};

std::string all(auto uart) {
    std::string text;
    while (auto byte = uart.take()) text += static_cast<char>(*byte);
    return text;
}

TEST(Ns16550, InterruptsAndGivesWhatCame) {
    Pc16550 device;
    Ns16550 uart(Io<Pc16550>{&device});
    uart.start();
    EXPECT_EQ(device.written, (std::map<u8, u8>{{1, 1}, {4, 0x0b}}));
    EXPECT_EQ(all(uart), "");
    device.input = {{'a'}, {'x', 0x08}, {'b'}, {0, 0x10}, {'c'}};
    EXPECT_EQ(all(uart), "abc") << "what came damaged, and a break, are left out";
}

TEST(Ns16550, MayBeUnplugged) {
    struct None {
        u8 read(u8) { return 0xff; }
        void write(u8, u8) {}
    };
    EXPECT_EQ(all(Ns16550(None())), "");
}

TEST(Pl011, InterruptsAndGivesWhatCame) {
    ArmPl011 device;
    Pl011 uart(Io<ArmPl011>{&device});
    uart.start();
    EXPECT_EQ(device.registers[0x30], 0x301u) << "what writes is left as it is";
    EXPECT_EQ(device.registers[0x38], 0x50u);
    device.input = {{'a'}, {'x', 1 << 8}, {0, 1 << 10}, {'b'}};
    EXPECT_EQ(all(uart), "ab");
}

TEST(Typed, KeepsTheOrderAndCountsWhatIsLost) {
    Typed typed;
    std::byte into[100];
    for (unsigned round = 0; round < 200; ++round) {
        for (unsigned i = 0; i < 100; ++i) typed.add(static_cast<std::byte>(round + i));
        ASSERT_EQ(typed.take(into), 100u);
        for (unsigned i = 0; i < 100; ++i) ASSERT_EQ(into[i], static_cast<std::byte>(round + i));
    }
    EXPECT_EQ(typed.take_lost(), 0u);
    for (unsigned i = 0; i < Typed::capacity + 7; ++i) typed.add(static_cast<std::byte>(i));
    EXPECT_EQ(typed.size(), Typed::capacity);
    EXPECT_EQ(typed.take_lost(), 7u);
    EXPECT_EQ(typed.take_lost(), 0u);
    EXPECT_EQ(typed.take(into), 100u);
    EXPECT_EQ(into[99], static_cast<std::byte>(99)) << "the first are kept";
}

}  // namespace
}  // namespace spore::drivers
