#include "host/run/qemu_version.hpp"

#include <charconv>

#include "host/common/process.hpp"

namespace spore::host {

std::optional<QemuVersion> parse_qemu_version(std::string_view text) {
    constexpr std::string_view mark = "version ";
    auto at = text.find(mark);
    if (at == std::string_view::npos) return std::nullopt;
    const char *from = text.data() + at + mark.size(), *end = text.data() + text.size();
    QemuVersion version;
    auto [dot, error] = std::from_chars(from, end, version.major);
    if (error != std::errc{} || dot == end || *dot != '.') return std::nullopt;
    if (std::from_chars(dot + 1, end, version.minor).ec != std::errc{}) return std::nullopt;
    return version;
}

std::optional<std::string> qemu_too_old(std::string_view version_text) {
    auto version = parse_qemu_version(version_text);
    if (!version || *version >= oldest_qemu) return std::nullopt;
    return fmt::format("QEMU {}.{} is too old: install {}.{} or newer", version->major, version->minor, oldest_qemu.major, oldest_qemu.minor);
}

std::optional<std::string> ask_whether_too_old(const std::string& program) { return qemu_too_old(run_to_end({program, "--version"}).output); }

}  // namespace spore::host
