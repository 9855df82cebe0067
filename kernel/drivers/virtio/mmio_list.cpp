#include "kernel/drivers/virtio/mmio_list.hpp"

#include <optional>

namespace spore::drivers::virtio {
namespace {

std::optional<u64> take_number(std::string_view& text) {
    u64 base = 10;
    if (text.starts_with("0x")) {
        base = 16;
        text.remove_prefix(2);
    }
    u64 value = 0;
    std::size_t digits = 0;
    for (; digits < text.size(); ++digits) {
        char c = text[digits];
        u64 digit = c >= '0' && c <= '9' ? u64(c - '0') : c >= 'a' && c <= 'f' ? u64(c - 'a' + 10) : 99;
        if (digit >= base || value >> 56) break;
        value = value * base + digit;
    }
    text.remove_prefix(digits);
    if (!digits) return std::nullopt;
    return value;
}

bool take(std::string_view& text, char c) {
    if (!text.starts_with(c)) return false;
    text.remove_prefix(1);
    return true;
}

bool parse(std::string_view text, MmioSlot& slot) {
    auto size = take_number(text);
    u64 unit = take(text, 'K') || take(text, 'k') ? 1_KiB : take(text, 'M') ? 1_MiB : 1;
    if (!size || !take(text, '@')) return false;
    auto address = take_number(text);
    if (!address || !take(text, ':')) return false;
    auto line = take_number(text);
    if (!line || *size * unit > 1_MiB) return false;
    slot = {{*address}, static_cast<u32>(*size * unit), static_cast<u32>(*line)};
    return true;
}

}  // namespace

bool next_listed(std::string_view& rest, MmioSlot& slot) {
    constexpr std::string_view key = "virtio_mmio.device=";
    while (true) {
        auto at = rest.find(key);
        if (at == rest.npos) return false;
        rest.remove_prefix(at + key.size());
        if (parse(rest.substr(0, rest.find(' ')), slot)) return true;
    }
}

}  // namespace spore::drivers::virtio
