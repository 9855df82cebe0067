#include "wire/acpi.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace spore::wire::acpi {
namespace {

using Bytes = std::vector<std::byte>;

void append(Bytes& bytes, std::string_view text) {
    for (char c : text) bytes.push_back(static_cast<std::byte>(c));
}
template <typename T>
void append_number(Bytes& bytes, T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes.push_back(static_cast<std::byte>(value >> (8 * i)));
}

u8 sum(ByteSpan bytes) {
    u8 total = 0;
    for (auto byte : bytes) total = static_cast<u8>(total + static_cast<u8>(byte));
    return total;
}

/// A table with a right length and checksum around `body`.
Bytes make_table(std::string_view signature, const Bytes& body) {
    Bytes table;
    append(table, signature);
    append_number<u32>(table, static_cast<u32>(36 + body.size()));
    table.resize(36);
    table.insert(table.end(), body.begin(), body.end());
    table[9] = static_cast<std::byte>(-sum(table));
    return table;
}

Bytes make_root(u32 rsdt) {
    Bytes root;
    append(root, "RSD PTR ");
    root.resize(16);
    append_number<u32>(root, rsdt);
    root[8] = static_cast<std::byte>(-sum(root));
    return root;
}

/// Physical memory with tables here and there.
class FakeMemory final : public PhysicalReader {
public:
    void put(u64 address, Bytes bytes) { parts_[address] = std::move(bytes); }
    std::optional<ByteSpan> see(u64 address, u64 size) override {
        auto part = parts_.find(address);
        if (part == parts_.end()) return std::nullopt;
        return slice(part->second, 0, size);
    }

private:
    std::map<u64, Bytes> parts_;
};

TEST(Acpi, FindsATableThroughTheRsdt) {
    FakeMemory memory;
    Bytes pointers;
    append_number<u32>(pointers, 0x3000);
    append_number<u32>(pointers, 0x4000);
    memory.put(0x1000, make_root(0x2000));
    memory.put(0x2000, make_table("RSDT", pointers));
    memory.put(0x4000, make_table("APIC", Bytes(8)));
    EXPECT_TRUE(find_table(memory, 0x1000, "APIC"));
    EXPECT_FALSE(find_table(memory, 0x1000, "FACP"));
    EXPECT_FALSE(find_table(memory, 0x5000, "APIC"));
}

TEST(Acpi, RejectsAWrongChecksumAndAnImpossibleLength) {
    FakeMemory memory;
    auto table = make_table("APIC", Bytes(8));
    table[20] ^= std::byte{1};
    memory.put(0x1000, table);
    EXPECT_FALSE(table_at(memory, 0x1000));
    auto longer = make_table("APIC", Bytes(8));
    longer[4] = std::byte{0xff};
    memory.put(0x2000, longer);
    EXPECT_FALSE(table_at(memory, 0x2000));
}

TEST(Acpi, ReadsProcessorsAndControllersOfAMadt) {
    Bytes body(8);
    auto add = [&](std::initializer_list<int> bytes) {
        for (int byte : bytes) body.push_back(static_cast<std::byte>(byte));
    };
    add({0, 8, 0, 3, 1, 0, 0, 0});                      // processor with APIC id 3
    add({0, 8, 1, 4, 0, 0, 0, 0});                      // a disabled one
    add({1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 24, 0, 0, 0});  // I/O APIC, first line 24
    add({2, 10, 0, 9, 20, 0, 0, 0, 0x0f, 0});           // ISA 9 is line 20, level, low
    add({0, 200});                                      // reaches past the end
    auto table = make_table("APIC", body);
    MadtReader entries(Table{table});
    auto processor = entries.next();
    ASSERT_TRUE(processor);
    EXPECT_EQ(processor->id, 3u);
    auto controller = entries.next();
    ASSERT_TRUE(controller);
    EXPECT_EQ(controller->kind, MadtEntry::Kind::io_apic);
    EXPECT_EQ(controller->address, 0xfec00000u);
    EXPECT_EQ(controller->line, 24u);
    auto override = entries.next();
    ASSERT_TRUE(override);
    EXPECT_EQ(override->isa_line, 9);
    EXPECT_EQ(override->line, 20u);
    EXPECT_TRUE(override->active_low);
    EXPECT_TRUE(override->level);
    EXPECT_FALSE(entries.next());
}

TEST(Acpi, FindsSoftOffInAmlPackages) {
    Bytes body;
    append(body, "xx\x08_S5_\x12\x06\x04\x0a\x05");
    body.resize(body.size() + 4);
    auto table = make_table("DSDT", body);
    EXPECT_EQ(find_soft_off(Table{table}), 5);
    auto empty = make_table("DSDT", Bytes(4));
    EXPECT_FALSE(find_soft_off(Table{empty}));
}

TEST(Acpi, FindsTimers) {
    Bytes hpet(20);
    hpet[10] = std::byte{0xd0}, hpet[11] = std::byte{0xfe};  // the address, at 44 of the table
    auto table = make_table("HPET", hpet);
    EXPECT_EQ(read_hpet(Table{table}), 0xfed00000u);
    hpet[4] = std::byte{1};  // in port space
    EXPECT_FALSE(read_hpet(Table{table = make_table("HPET", hpet)}));
    EXPECT_FALSE(read_hpet(Table{table = make_table("HPET", Bytes(19))}));

    Bytes fadt(208);
    fadt[76 - 36] = std::byte{0x08}, fadt[77 - 36] = std::byte{0x06}, fadt[91 - 36] = std::byte{4};
    auto with_timer = read_fadt(Table{table = make_table("FACP", fadt)});
    ASSERT_TRUE(with_timer);
    EXPECT_EQ(with_timer->timer, 0x608);
    EXPECT_FALSE(with_timer->timer_wide);
    fadt[113 - 36] = std::byte{1};
    EXPECT_TRUE(read_fadt(Table{table = make_table("FACP", fadt)})->timer_wide);
    fadt[114 - 36] = std::byte{0x10};  // hardware-reduced: what the ports' fields say means nothing
    EXPECT_EQ(read_fadt(Table{table = make_table("FACP", fadt)})->timer, 0);
}

TEST(Acpi, FindsVirtioMmioDevices) {
    Bytes body;
    append(body, "....LNRO0005....");
    for (int byte : {0x86, 9, 0, 1, 0x00, 0x2e, 0xb0, 0xfe, 0x00, 0x02, 0, 0, 0x89, 6, 0, 1, 1, 23, 0, 0, 0}) body.push_back(static_cast<std::byte>(byte));
    append(body, "LNRO0005 and no resources");
    auto table = make_table("DSDT", body);
    u64 position = 0;
    auto device = next_virtio_mmio(Table{table}, position);
    ASSERT_TRUE(device);
    EXPECT_EQ(device->address, 0xfeb02e00u);
    EXPECT_EQ(device->size, 0x200u);
    EXPECT_EQ(device->line, 23u);
    EXPECT_FALSE(next_virtio_mmio(Table{table}, position));
}

}  // namespace
}  // namespace spore::wire::acpi
