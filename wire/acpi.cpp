#include "wire/acpi.hpp"

#include <algorithm>
#include <cstring>

namespace spore::wire::acpi {
namespace {

struct Header {
    char signature[4];
    le32 length;
    std::byte rest[28];
};
static_assert(sizeof(Header) == 36);

constexpr std::size_t first_root_size = 20, second_root_size = 36;  // ACPI 1.0's RSDP, and since
constexpr u32 max_table_size = 1 << 20;

bool sums_to_zero(ByteSpan bytes) {
    u8 sum = 0;
    for (auto byte : bytes) sum = static_cast<u8>(sum + static_cast<u8>(byte));
    return sum == 0;
}

template <typename T>
u64 field(ByteSpan bytes, u64 offset) {
    auto* value = view_at<T>(bytes, offset);
    return value ? u64{*value} : 0;
}

u8 byte_at(ByteSpan bytes, u64 offset) { return offset < bytes.size() ? static_cast<u8>(bytes[offset]) : u8{0}; }

GenericAddress generic_address(ByteSpan bytes, u64 offset) {
    u8 space = byte_at(bytes, offset);
    return {space <= 1 ? static_cast<GenericAddress::Space>(space) : GenericAddress::Space::other, field<le64>(bytes, offset + 4)};
}

template <typename Pointer>
std::optional<Table> search(PhysicalReader& reader, Table directory, std::string_view signature) {
    for (u64 at = sizeof(Header); auto* pointer = view_at<Pointer>(directory.bytes, at); at += sizeof(Pointer)) {
        auto table = table_at(reader, *pointer);
        if (table && table->is(signature)) return table;
    }
    return std::nullopt;
}

}  // namespace

bool Table::is(std::string_view signature) const {
    return signature.size() == 4 && bytes.size() >= 4 && std::memcmp(bytes.data(), signature.data(), 4) == 0;
}

std::optional<Table> table_at(PhysicalReader& reader, u64 address) {
    if (!address) return std::nullopt;
    auto head = reader.see(address, sizeof(Header));
    if (!head) return std::nullopt;
    u32 length = reinterpret_cast<const Header*>(head->data())->length;
    if (length < sizeof(Header) || length > max_table_size) return std::nullopt;
    auto whole = reader.see(address, length);
    if (!whole || !sums_to_zero(*whole)) return std::nullopt;
    return Table{*whole};
}

std::optional<Table> find_table(PhysicalReader& reader, u64 root, std::string_view signature) {
    auto first = reader.see(root, first_root_size);
    if (!first || std::memcmp(first->data(), "RSD PTR ", 8) != 0 || !sums_to_zero(*first)) return std::nullopt;
    if (auto second = reader.see(root, second_root_size); second && byte_at(*second, 15) >= 2 && sums_to_zero(*second))
        if (auto directory = table_at(reader, field<le64>(*second, 24))) return search<le64>(reader, *directory, signature);
    auto directory = table_at(reader, field<le32>(*first, 16));
    return directory ? search<le32>(reader, *directory, signature) : std::nullopt;
}

MadtReader::MadtReader(Table madt) {
    constexpr u64 fixed = sizeof(Header) + 8;  // local APIC address, flags
    if (madt.bytes.size() > fixed) rest_ = madt.bytes.subspan(fixed);
}

std::optional<MadtEntry> MadtReader::next() {
    using enum MadtEntry::Kind;
    while (rest_.size() >= 2) {
        u8 type = byte_at(rest_, 0), length = byte_at(rest_, 1);
        auto entry = slice(rest_, 0, length);
        if (length < 2 || !entry) break;
        rest_ = rest_.subspan(length);
        if (type == 0 && length >= 8 && (field<le32>(*entry, 4) & 1)) return MadtEntry{.kind = processor, .id = byte_at(*entry, 3)};
        if (type == 9 && length >= 16 && (field<le32>(*entry, 8) & 1))
            return MadtEntry{.kind = processor, .id = static_cast<u32>(field<le32>(*entry, 4))};
        if (type == 1 && length >= 12)
            return MadtEntry{.kind = io_apic, .address = field<le32>(*entry, 4), .line = static_cast<u32>(field<le32>(*entry, 8))};
        if (type == 2 && length >= 10) {
            u64 flags = field<le16>(*entry, 8);
            return MadtEntry{.kind = source_override, .line = static_cast<u32>(field<le32>(*entry, 4)), .isa_line = byte_at(*entry, 3),
                             .active_low = (flags & 3) == 3, .level = (flags >> 2 & 3) == 3};
        }
    }
    rest_ = {};
    return std::nullopt;
}

std::optional<PowerRegisters> read_fadt(Table fadt) {
    auto bytes = fadt.bytes;
    if (!fadt.is("FACP") || bytes.size() < 116) return std::nullopt;
    u64 flags = field<le32>(bytes, 112);
    PowerRegisters r;
    r.dsdt = field<le64>(bytes, 140);
    if (!r.dsdt) r.dsdt = field<le32>(bytes, 40);
    r.control_a = static_cast<u16>(field<le32>(bytes, 64));
    r.control_b = static_cast<u16>(field<le32>(bytes, 68));
    if (byte_at(bytes, 91) == 4 && !(flags >> 20 & 1)) r.timer = static_cast<u16>(field<le32>(bytes, 76));
    r.timer_wide = flags >> 8 & 1;
    r.hardware_reduced = flags >> 20 & 1;
    if (flags >> 10 & 1) {
        r.reset = generic_address(bytes, 116);
        r.reset_value = byte_at(bytes, 128);
    }
    if (r.hardware_reduced) r.sleep_control = generic_address(bytes, 244);
    return r;
}

std::optional<u64> read_hpet(Table hpet) {
    constexpr u64 base = 40, size = 56;
    if (!hpet.is("HPET") || hpet.bytes.size() < size) return std::nullopt;
    auto registers = generic_address(hpet.bytes, base);
    if (registers.space != GenericAddress::Space::memory || !registers.address) return std::nullopt;
    return registers.address;
}

std::optional<u8> find_soft_off(Table dsdt) {
    // NameOp "_S5_" PackageOp PkgLength NumElements element … [acpi 20.2.5.4]
    constexpr std::string_view name = "_S5_";
    auto text = std::string_view(reinterpret_cast<const char*>(dsdt.bytes.data()), dsdt.bytes.size());
    for (auto at = text.find(name); at != text.npos; at = text.find(name, at + 1)) {
        u64 p = at + name.size();
        if (byte_at(dsdt.bytes, p) != 0x12) continue;
        p += 1 + (byte_at(dsdt.bytes, p + 1) >> 6) + 1 + 1;  // PackageOp, PkgLength with its extra bytes, NumElements
        u8 first = byte_at(dsdt.bytes, p);
        if (first == 0x0a) return byte_at(dsdt.bytes, p + 1) & 7;  // BytePrefix
        if (first <= 1) return first;                              // ZeroOp, OneOp
    }
    return std::nullopt;
}

std::optional<VirtioMmio> next_virtio_mmio(Table dsdt, u64& position) {
    constexpr std::string_view id = "LNRO0005";
    constexpr u64 reach = 96;                                      // the template follows the id closely
    constexpr u8 fixed_memory = 0x86, extended_interrupt = 0x89;   // large resource items [acpi 6.4.3]
    auto text = std::string_view(reinterpret_cast<const char*>(dsdt.bytes.data()), dsdt.bytes.size());
    while (true) {
        auto at = text.find(id, position);
        if (at == text.npos) return std::nullopt;
        position = at + id.size();
        VirtioMmio found{};
        u64 end = std::min<u64>(text.size(), std::min(position + reach, text.find(id, position)));
        for (u64 p = position; p < end; ++p) {
            if (byte_at(dsdt.bytes, p) == fixed_memory && field<le16>(dsdt.bytes, p + 1) == 9 && !found.size) {
                found.address = field<le32>(dsdt.bytes, p + 4);
                found.size = static_cast<u32>(field<le32>(dsdt.bytes, p + 8));
                p += 11;
            } else if (byte_at(dsdt.bytes, p) == extended_interrupt && field<le16>(dsdt.bytes, p + 1) == 6 && found.size) {
                found.line = static_cast<u32>(field<le32>(dsdt.bytes, p + 5));
                return found;
            }
        }
    }
}

}  // namespace spore::wire::acpi
