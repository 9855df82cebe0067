#include "kernel/drivers/bus/pci_places.hpp"

#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "kernel/drivers/bus/pci.hpp"

namespace spore {
namespace {

constexpr u32 wide = 4, io = 1;

/// Configuration space of one function, in which BARs keep only the address bits that their size leaves.
struct Function {
    std::map<u16, u32> words;
    std::map<u16, u32> writable;  ///< of BARs; other words take all bits

    void bar(u32 index, u64 size, u32 flags = 0) {
        u16 at = static_cast<u16>(0x10 + index * 4);
        words[at] = flags;
        writable[at] = static_cast<u32>(~(size - 1));
        if (flags & wide) words[static_cast<u16>(at + 4)] = 0, writable[static_cast<u16>(at + 4)] = static_cast<u32>(~(size - 1) >> 32);
    }
};
using Place = std::tuple<u8, u8, u8>;
std::map<Place, Function> functions;

Function& add(u8 bus, u8 device, u8 pin = 0, u8 header = 0) {
    auto& f = functions[{bus, device, 0}];
    f.words = {{0x00, 0x1234'1af4}, {0x0c, u32{header} << 16}, {0x3c, u32{pin} << 8}};
    for (u32 i = 0; i < 6; ++i) f.writable[static_cast<u16>(0x10 + i * 4)] = 0;  // none
    if (header == 1)
        for (u16 at = 0x18; at < 0x28; at = static_cast<u16>(at + 4)) f.writable.erase(at);
    return f;
}

class PciPlaces : public testing::Test {
protected:
    PciPlaces() { functions.clear(); }
    ~PciPlaces() override { functions.clear(); }
    static u64 bar(u8 bus, u8 device, u32 index) {
        auto at = drivers::PciFunction({bus, device, 0}).memory_bar(index);
        return at ? at->value : 0;
    }
};

}  // namespace

namespace arch {
// Over the fakes' machine without PCI: it has none in other tests either, as long as `functions` is empty.
u32 read_pci(PciAddress a, u16 offset) {
    auto found = functions.find({a.bus, a.device, a.function});
    return found == functions.end() ? ~u32{0} : found->second.words[offset];
}
void write_pci(PciAddress a, u16 offset, u32 value) {
    auto found = functions.find({a.bus, a.device, a.function});
    if (found == functions.end()) return;
    auto& f = found->second;
    auto mask = f.writable.find(offset);
    if (mask == f.writable.end()) f.words[offset] = value;
    else f.words[offset] = (value & mask->second) | (f.words[offset] & 15);
}
/// Lines as QEMU's virt machine wires them.
Result<u32> pci_pin_line(PciAddress a, u8 pin) {
    if (a.bus != 0) return fail(Error::not_found);
    return 35u + (a.device + pin - 1u) % 4;
}
}  // namespace arch

namespace {

constexpr arch::PciWindow window{{0x1000'0000}, 16_MiB};

TEST_F(PciPlaces, BarsGetAlignedPartsOfTheWindow) {
    auto& f = add(0, 1, 1);
    f.bar(0, 32, io);
    f.bar(1, 4096);
    f.bar(4, 16_KiB, wide);
    drivers::place_pci_functions(window);
    EXPECT_EQ(bar(0, 1, 1), 0x1000'0000u);
    EXPECT_EQ(bar(0, 1, 4), 0x1000'4000u);
    EXPECT_EQ(f.words[0x10], io);           // I/O space is left alone
    EXPECT_EQ(f.words[0x3c] & 0xff, 36u);   // the line of device 1, pin A
}

TEST_F(PciPlaces, SizesAreFoundWithoutMovingAnything) {
    auto& f = add(0, 1);
    f.bar(0, 16_KiB);
    f.bar(1, 32, io);
    f.bar(2, 1_MiB, wide);
    f.bar(4, 8_GiB, wide);
    f.words[0x04] = 0x10'0006;
    f.words[0x10] = 0x2000'0000;
    f.words[0x18] |= 0x3000'0000, f.words[0x1c] = 1;
    drivers::PciFunction function({0, 1, 0});
    EXPECT_EQ(function.memory_bar_size(0), 16_KiB);
    EXPECT_EQ(function.memory_bar_size(1), 0u);
    EXPECT_EQ(function.memory_bar_size(2), 1_MiB);
    EXPECT_EQ(function.memory_bar_size(4), 8_GiB);
    EXPECT_EQ(function.memory_bar_size(6), 0u);
    EXPECT_EQ(f.words[0x04], 6u);  // the status in the upper half is not written
    EXPECT_EQ(bar(0, 1, 0), 0x2000'0000u);
    EXPECT_EQ(f.words[0x18], 0x3000'0000u | wide);
}

TEST_F(PciPlaces, WhatFirmwarePlacedStays) {
    auto& f = add(0, 1);
    f.bar(0, 4096);
    f.words[0x10] = 0x2000'0000;
    drivers::place_pci_functions(window);
    EXPECT_EQ(bar(0, 1, 0), 0x2000'0000u);
}

TEST_F(PciPlaces, WhatDoesNotFitHasNoPlace) {
    add(0, 1).bar(0, 32_MiB);
    add(0, 2).bar(0, 8_MiB);
    add(0, 3).bar(0, 16_MiB);
    drivers::place_pci_functions(window);
    EXPECT_EQ(bar(0, 1, 0), 0u);
    EXPECT_EQ(bar(0, 2, 0), 0x1000'0000u);
    EXPECT_EQ(bar(0, 3, 0), 0u);
}

TEST_F(PciPlaces, BridgesForwardWhatIsBehindThem) {
    auto& bridge = add(0, 2, 0, 1);
    auto& behind = add(1, 1, 1);
    behind.bar(0, 64_KiB);
    add(0, 3).bar(0, 4096);
    drivers::place_pci_functions(window);
    EXPECT_EQ(bridge.words[0x18], 0x0001'0100u);  // buses: primary 0, secondary 1, nothing further
    EXPECT_EQ(bridge.words[0x20], 0x1000'1000u);  // one megabyte from 0x10000000 on
    EXPECT_EQ(bar(1, 1, 0), 0x1000'0000u);
    EXPECT_EQ(bar(0, 3, 0), 0x1010'0000u);
    EXPECT_EQ(behind.words[0x3c] & 0xff, 35u + (2 + 1) % 4);  // its pin A is the bridge's pin B
    EXPECT_EQ(bridge.words[0x04] & 7, 7u);
}

TEST_F(PciPlaces, ABridgeWithNothingBehindForwardsNothing) {
    auto& bridge = add(0, 2, 0, 1);
    drivers::place_pci_functions(window);
    EXPECT_GT(bridge.words[0x20] & 0xfff0, bridge.words[0x20] >> 16 & 0xfff0);  // base above limit
}

}  // namespace
}  // namespace spore
