#include "wire/acpi_arm.hpp"

namespace spore::wire::acpi {
namespace {

constexpr u64 header_size = 36;

template <typename T>
u64 field(ByteSpan bytes, u64 offset) {
    auto* value = view_at<T>(bytes, offset);
    return value ? u64{*value} : 0;
}

u8 byte_at(ByteSpan bytes, u64 offset) { return offset < bytes.size() ? static_cast<u8>(bytes[offset]) : u8{0}; }

std::optional<GicEntry> entry_of(u8 type, ByteSpan entry) {
    using enum GicEntry::Kind;
    switch (type) {
    case 0x0b:
        if (entry.size() < 76 || !(field<le32>(entry, 12) & 1)) return std::nullopt;
        return GicEntry{.kind = cpu, .address = field<le64>(entry, 32), .redistributor = field<le64>(entry, 60), .affinity = field<le64>(entry, 68)};
    case 0x0c:
        if (entry.size() < 24) return std::nullopt;
        return GicEntry{.kind = distributor, .address = field<le64>(entry, 8), .version = byte_at(entry, 20)};
    case 0x0d:
        if (entry.size() < 24) return std::nullopt;
        return GicEntry{.kind = message_frame, .address = field<le64>(entry, 8)};
    case 0x0e:
        if (entry.size() < 16) return std::nullopt;
        return GicEntry{.kind = redistributors, .address = field<le64>(entry, 4), .size = field<le32>(entry, 12)};
    case 0x0f:
        if (entry.size() < 20) return std::nullopt;
        return GicEntry{.kind = translation_service, .address = field<le64>(entry, 8)};
    default: return std::nullopt;
    }
}

}  // namespace

GicReader::GicReader(Table madt) {
    constexpr u64 fixed = header_size + 8;
    if (madt.bytes.size() > fixed) rest_ = madt.bytes.subspan(fixed);
}

std::optional<GicEntry> GicReader::next() {
    while (rest_.size() >= 2) {
        u8 type = byte_at(rest_, 0), length = byte_at(rest_, 1);
        auto entry = slice(rest_, 0, length);
        if (length < 2 || !entry) break;
        rest_ = rest_.subspan(length);
        if (auto found = entry_of(type, *entry)) return found;
    }
    rest_ = {};
    return std::nullopt;
}

std::optional<Timers> read_timers(Table gtdt) {
    auto *physical = view_at<le32>(gtdt.bytes, 56), *of_virtual = view_at<le32>(gtdt.bytes, 64);
    if (!gtdt.is("GTDT") || !of_virtual) return std::nullopt;
    return Timers{*physical, *of_virtual};
}

std::optional<Console> read_console(Table spcr) {
    constexpr u8 pl011 = 0x03, sbsa_32 = 0x0d, sbsa = 0x0e;
    if (!spcr.is("SPCR") || spcr.bytes.size() < 80) return std::nullopt;
    u8 kind = byte_at(spcr.bytes, 36), space = byte_at(spcr.bytes, 40);
    u64 address = field<le64>(spcr.bytes, 44);
    if ((kind != pl011 && kind != sbsa_32 && kind != sbsa) || space != 0 || !address) return std::nullopt;
    constexpr u8 by_gic = 1 << 3;
    return Console{address, byte_at(spcr.bytes, 52) & by_gic ? static_cast<u32>(field<le32>(spcr.bytes, 54)) : 0};
}

FirmwareCall read_firmware_call(Table fadt) {
    constexpr u64 psci = 1 << 0, by_hypervisor = 1 << 1;
    u64 flags = fadt.is("FACP") ? field<le16>(fadt.bytes, 129) : 0;
    if (!(flags & psci)) return FirmwareCall::none;
    return flags & by_hypervisor ? FirmwareCall::hypervisor : FirmwareCall::secure_monitor;
}

std::optional<PciConfiguration> read_pci_configuration(Table mcfg) {
    constexpr u64 entries = header_size + 8;
    if (!mcfg.is("MCFG") || mcfg.bytes.size() < entries + 16) return std::nullopt;
    PciConfiguration found{field<le64>(mcfg.bytes, entries), u32{byte_at(mcfg.bytes, entries + 11)} + 1};
    bool first = field<le16>(mcfg.bytes, entries + 8) == 0 && byte_at(mcfg.bytes, entries + 10) == 0;
    if (!first || !found.address || found.address > ~u64{0} - (u64{found.buses} << 20)) return std::nullopt;
    return found;
}

}  // namespace spore::wire::acpi
