// Strings of the host tool.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/types.hpp"

namespace spore::host {

std::string replace_all(std::string text, std::string_view from, std::string_view to);
/// Letters, digits and "._-", with '-' for all else, which would mean something to one of those who read it.
std::string safe_name(std::string_view text);
/// A command for people: quoted so that a shell reads it back.
std::string shell_line(const std::vector<std::string>& command);
/// Bytes for people: "12 B", "1.5 KiB".
std::string size_text(u64 bytes);
/// What stands between blanks and ends of lines.
std::vector<std::string_view> words_of(std::string_view text);
/// Digits and nothing else.
std::optional<u64> to_number(std::string_view text, int base = 10);

}  // namespace spore::host
