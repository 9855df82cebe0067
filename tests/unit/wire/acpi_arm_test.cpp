#include "wire/acpi_arm.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace spore::wire::acpi {
namespace {

/// A table's bytes, of which the readers look at signature and body.
class Bytes {
public:
    explicit Bytes(std::string_view signature, std::size_t size) : bytes_(size) {
        std::memcpy(bytes_.data(), signature.data(), signature.size());
    }
    template <typename T>
    Bytes& put(std::size_t at, T value) {
        std::memcpy(bytes_.data() + at, &value, sizeof value);
        return *this;
    }
    Bytes& cut(std::size_t size) { return bytes_.resize(size), *this; }
    Bytes& append(const Bytes& other) { return bytes_.insert(bytes_.end(), other.bytes_.begin(), other.bytes_.end()), *this; }
    Table table() const { return {bytes_}; }

private:
    std::vector<std::byte> bytes_;
};

Bytes entry(u8 type, u8 size) { return Bytes("", size).put<u8>(0, type).put<u8>(1, size); }

TEST(AcpiArm, ReadsTheGicOfAMadt) {
    Bytes madt("APIC", 44);
    madt.append(entry(0x0c, 24).put<u64>(8, 0x800'0000).put<u8>(20, 3))
        .append(entry(0x0b, 80).put<u32>(12, 1).put<u64>(32, 0x801'0000).put<u64>(68, 0x1'02).put<u64>(60, 0x80a'0000))
        .append(entry(0x0b, 80).put<u64>(68, 5))  // cannot be used
        .append(entry(0x03, 8))                   // of another kind
        .append(entry(0x0d, 24).put<u64>(8, 0x802'0000))
        .append(entry(0x0e, 16).put<u64>(4, 0x80a'0000).put<u32>(12, 0xf6'0000))
        .append(entry(0x0f, 20).put<u64>(8, 0x808'0000));
    GicReader entries(madt.table());
    auto distributor = entries.next();
    ASSERT_TRUE(distributor);
    EXPECT_EQ(distributor->kind, GicEntry::Kind::distributor);
    EXPECT_EQ(distributor->address, 0x800'0000u);
    EXPECT_EQ(distributor->version, 3u);
    auto cpu = entries.next();
    ASSERT_TRUE(cpu);
    EXPECT_EQ(cpu->kind, GicEntry::Kind::cpu);
    EXPECT_EQ(cpu->address, 0x801'0000u);
    EXPECT_EQ(cpu->affinity, 0x102u);
    EXPECT_EQ(cpu->redistributor, 0x80a'0000u);
    EXPECT_EQ(entries.next()->kind, GicEntry::Kind::message_frame);
    auto redistributors = entries.next();
    ASSERT_TRUE(redistributors);
    EXPECT_EQ(redistributors->address, 0x80a'0000u);
    EXPECT_EQ(redistributors->size, 0xf6'0000u);
    EXPECT_EQ(entries.next()->kind, GicEntry::Kind::translation_service);
    EXPECT_FALSE(entries.next());
}

TEST(AcpiArm, StopsAtDamagedEntries) {
    EXPECT_FALSE(GicReader(Bytes("APIC", 44).append(entry(0x0c, 24)).cut(60).table()).next());  // reaches past the end
    EXPECT_FALSE(GicReader(Bytes("APIC", 44).append(entry(0x0c, 24).put<u8>(1, 1)).table()).next());           // no length
    EXPECT_FALSE(GicReader(Bytes("APIC", 44).append(entry(0x0c, 20)).table()).next());          // too short for what it says it is
}

TEST(AcpiArm, FindsTheTimers) {
    auto gtdt = Bytes("GTDT", 96).put<u32>(56, 30).put<u32>(64, 27);
    auto timers = read_timers(gtdt.table());
    ASSERT_TRUE(timers);
    EXPECT_EQ(timers->virtual_interrupt, 27u);
    EXPECT_EQ(timers->physical_interrupt, 30u);
    EXPECT_FALSE(read_timers(Bytes("GTDT", 66).table()));
    EXPECT_FALSE(read_timers(Bytes("HPET", 96).table()));
}

TEST(AcpiArm, FindsAConsoleOfItsKind) {
    auto spcr = Bytes("SPCR", 80).put<u8>(36, 3).put<u64>(44, 0x900'0000);
    EXPECT_EQ(read_console(spcr.table())->address, 0x900'0000u);
    EXPECT_EQ(read_console(spcr.table())->line, 0u);
    EXPECT_EQ(read_console(Bytes(spcr).put<u8>(52, 8).put<u32>(54, 33).table())->line, 33u);
    EXPECT_FALSE(read_console(Bytes(spcr).put<u8>(36, 0x12).table()));  // a 16550
    EXPECT_FALSE(read_console(Bytes(spcr).put<u8>(40, 1).table()));     // in port space
    EXPECT_FALSE(read_console(Bytes(spcr).cut(79).table()));
}

TEST(AcpiArm, TellsHowFirmwareIsCalled) {
    EXPECT_EQ(read_firmware_call(Bytes("FACP", 276).put<u16>(129, 3).table()), FirmwareCall::hypervisor);
    EXPECT_EQ(read_firmware_call(Bytes("FACP", 276).put<u16>(129, 1).table()), FirmwareCall::secure_monitor);
    EXPECT_EQ(read_firmware_call(Bytes("FACP", 276).put<u16>(129, 2).table()), FirmwareCall::none);
    EXPECT_EQ(read_firmware_call(Bytes("FACP", 130).put<u8>(129, 1).table()), FirmwareCall::none);
}

TEST(AcpiArm, FindsPciConfigurationSpace) {
    auto mcfg = Bytes("MCFG", 60).put<u64>(44, 0x40'1000'0000).put<u8>(55, 255);
    auto found = read_pci_configuration(mcfg.table());
    ASSERT_TRUE(found);
    EXPECT_EQ(found->address, 0x40'1000'0000u);
    EXPECT_EQ(found->buses, 256u);
    EXPECT_FALSE(read_pci_configuration(Bytes(mcfg).put<u8>(54, 1).table()));  // not from bus 0 on
    EXPECT_FALSE(read_pci_configuration(Bytes(mcfg).put<u16>(52, 1).table()));
    EXPECT_FALSE(read_pci_configuration(Bytes(mcfg).put<u64>(44, ~u64{0xfffff}).table()));
    EXPECT_FALSE(read_pci_configuration(Bytes(mcfg).cut(59).table()));
}

}  // namespace
}  // namespace spore::wire::acpi
