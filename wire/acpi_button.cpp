#include "wire/acpi_button.hpp"

#include <algorithm>

namespace spore::wire::acpi {
namespace {

template <typename T>
u64 field(ByteSpan bytes, u64 offset) {
    auto* value = view_at<T>(bytes, offset);
    return value ? u64{*value} : 0;
}

u8 byte_at(ByteSpan bytes, u64 offset) { return offset < bytes.size() ? static_cast<u8>(bytes[offset]) : u8{0}; }

using Text = std::string_view;  // of bytecode

/// A constant [acpi 20.2.3], and what follows it.
struct Constant {
    u64 value;
    Text rest;
};
std::optional<Constant> read_constant(Text code) {
    constexpr u8 byte_prefix = 0x0a, word_prefix = 0x0b, double_prefix = 0x0c, quad_prefix = 0x0e;
    if (code.empty()) return std::nullopt;
    u8 first = static_cast<u8>(code[0]);
    if (first <= 1) return Constant{first, code.substr(1)};  // ZeroOp, OneOp
    std::size_t size = first == byte_prefix ? 1 : first == word_prefix ? 2 : first == double_prefix ? 4 : first == quad_prefix ? 8 : 0;
    if (!size || code.size() <= size) return std::nullopt;
    u64 value = 0;
    for (std::size_t i = 0; i < size; ++i) value |= u64{static_cast<u8>(code[1 + i])} << 8 * i;
    return Constant{value, code.substr(1 + size)};
}

constexpr std::size_t name_size = 4;

/// The name of the power button: what stands before its id, which such devices begin with.
Text button_name(Text code) {
    constexpr Text ids[] = {Text("\x08_HID\x0dPNP0C0C", 13), Text("\x08_HID\x0c\x41\xd0\x0c\x0c", 10)};
    for (auto id : ids)
        if (auto at = code.find(id); at != code.npos && at >= name_size) return code.substr(at - name_size, name_size);
    return {};
}

/// Sets the interrupt that the device's resources name [acpi 6.4.3.6].
bool read_interrupt(Text code, EventButton& button) {
    auto at = code.find(Text("\x89\x06\x00", 3));
    auto item = at == code.npos ? Text() : code.substr(at, 9);
    if (item.size() < 9 || item[4] != 1) return false;
    u8 flags = static_cast<u8>(item[3]);
    button.level = !(flags >> 1 & 1), button.active_low = flags >> 2 & 1;
    button.line = 0;
    for (unsigned i = 0; i < 4; ++i) button.line |= u32{static_cast<u8>(item[5 + i])} << 8 * i;
    return true;
}

/// OperationRegion (NAME, SystemMemory, address, size).
bool read_region(Text code, EventButton& button) {
    auto at = code.find("\x5b\x80");
    if (at == code.npos || code.size() - at < 2 + name_size + 1 || code[at + 2 + name_size] != 0) return false;
    auto address = read_constant(code.substr(at + 2 + name_size + 1));
    auto size = address ? read_constant(address->rest) : std::nullopt;
    if (!size || !address->value || (size->value != 1 && size->value != 4)) return false;
    button.address = address->value;
    button.width = static_cast<u8>(size->value);
    return true;
}

/// And (LocalN, mask, …) shortly before Notify (…NAME, 0x80).
bool read_mask(Text code, Text name, EventButton& button) {
    constexpr u8 and_op = 0x7b, first_local = 0x60, last_local = 0x67;
    constexpr std::size_t reach = 64;
    for (auto at = code.find(name); at != code.npos; at = code.find(name, at + 1)) {
        auto pressed = read_constant(code.substr(at + name_size));
        if (!pressed || pressed->value != 0x80) continue;
        auto before = code.substr(0, at);
        for (auto p = before.size(); p-- > (at > reach ? at - reach : 0);) {
            if (static_cast<u8>(before[p]) != and_op || p + 1 == before.size()) continue;
            u8 local = static_cast<u8>(before[p + 1]);
            auto mask = read_constant(before.substr(p + 2));
            if (local < first_local || local > last_local || !mask || !mask->value || mask->value >> 8 * button.width) continue;
            button.mask = static_cast<u32>(mask->value);
            return true;
        }
    }
    return false;
}

}  // namespace

std::optional<FixedButton> find_fixed_button(Table fadt) {
    constexpr u32 by_method = 1 << 4, hardware_reduced = 1 << 20;  // flags [acpi 5.2.9]
    auto bytes = fadt.bytes;
    if (!fadt.is("FACP") || bytes.size() < 116 || (field<le32>(bytes, 112) & (by_method | hardware_reduced))) return std::nullopt;
    u8 size = byte_at(bytes, 88);  // of a status and an enable register together
    auto port = [&](u64 offset) { return static_cast<u16>(field<le32>(bytes, offset)); };
    if (!port(56) || size < 4) return std::nullopt;
    FixedButton button{};
    for (unsigned i = 0; i < 2; ++i) {
        button.status[i] = port(56 + 4 * i);
        if (button.status[i]) button.enable[i] = static_cast<u16>(button.status[i] + size / 2);
        u8 half = byte_at(bytes, 92 + i) / 2;
        if (u16 others = port(80 + 4 * i); others && half) button.others[i] = {static_cast<u16>(others + half), half};
    }
    button.control = port(64);
    button.line = static_cast<u16>(field<le16>(bytes, 46));
    button.command = port(48);
    button.enable_command = byte_at(bytes, 52);
    if (!button.enable_command) button.command = 0;
    return button;
}

std::optional<EventButton> find_event_button(Table dsdt) {
    constexpr Text event_device = "ACPI0013";
    constexpr std::size_t reach = 2048;  // its resources and methods follow the id
    Text code(reinterpret_cast<const char*>(dsdt.bytes.data()), dsdt.bytes.size());
    auto name = button_name(code);
    if (name.empty()) return std::nullopt;
    for (auto at = code.find(event_device); at != code.npos; at = code.find(event_device, at + 1)) {
        auto device = code.substr(at + event_device.size(), reach);
        EventButton button{};
        if (read_interrupt(device, button) && read_region(device, button) && read_mask(device, name, button)) return button;
    }
    return std::nullopt;
}

}  // namespace spore::wire::acpi
