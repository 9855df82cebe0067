// Strings of the host tool.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace spore::host {

std::string replace_all(std::string text, std::string_view from, std::string_view to);
/// Letters, digits and "._-", with '-' for all else, which would mean something to one of those who read it.
std::string safe_name(std::string_view text);
/// A command for people: quoted so that a shell reads it back.
std::string shell_line(const std::vector<std::string>& command);

}  // namespace spore::host
