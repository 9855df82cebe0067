// Which QEMU this is, and whether it has what Spore's machines need.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

namespace spore::host {

struct QemuVersion {
    unsigned major = 0, minor = 0;
    friend auto operator<=>(const QemuVersion&, const QemuVersion&) = default;
};
/// Debian 12's; what is older was never tried.
inline constexpr QemuVersion oldest_qemu{7, 2};

/// From what `--version` prints: "QEMU emulator version 7.2.22 (Debian …)".
std::optional<QemuVersion> parse_qemu_version(std::string_view text);

/// The message for a QEMU that is too old; nothing for another, and for one that does not say.
std::optional<std::string> qemu_too_old(std::string_view version_text);
/// The same, asking the program: for when it has failed.
std::optional<std::string> ask_whether_too_old(const std::string& program);

}  // namespace spore::host
