#include "settings.hpp"

#include <optional>

namespace spore::arch {
namespace {

std::optional<u64> number(std::string_view text) {
    u64 value = 0;
    if (text.empty()) return std::nullopt;
    for (char c : text) {
        if (c < '0' || c > '9' || value > ~u64{0} / 10 - 1) return std::nullopt;
        value = value * 10 + static_cast<u64>(c - '0');
    }
    return value;
}

}  // namespace

bool read_setting(Settings& settings, std::string_view word) {
    auto at = word.find('=');
    if (at == word.npos) return false;
    auto key = word.substr(0, at);
    auto value = number(word.substr(at + 1));
    if (!value) return false;
    if (key == "memory") return settings.memory = *value, true;
    if (key == "debugger") return settings.debugger = *value, true;
    if (key == "paused") return settings.paused = *value, true;
    if (key == "mac") return settings.mac = *value, true;
    if (key == "share" && *value < 1 << 20 && settings.share_count < Settings::most_shares)
        return settings.shares[settings.share_count++].descriptor = static_cast<int>(*value), true;
    if (key == "share-user" && settings.share_count && *value <= ~u32{0}) return settings.shares[settings.share_count - 1].user = static_cast<u32>(*value), true;
    if (key == "volume" && *value < 1 << 20 && settings.volume_count < Settings::most_volumes)
        return settings.volumes[settings.volume_count++] = static_cast<int>(*value), true;
    struct {
        std::string_view name;
        int* descriptor;
    } descriptors[] = {{"bundle", &settings.bundle}, {"root", &settings.root}, {"channel", &settings.channel}, {"serial", &settings.serial}, {"disk", &settings.disk},
                       {"tap", &settings.tap}, {"stream", &settings.stream}};
    for (auto& [name, descriptor] : descriptors)
        if (key == name && *value < 1 << 20) return *descriptor = static_cast<int>(*value), true;
    return false;
}

}  // namespace spore::arch
