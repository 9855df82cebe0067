// Strings of the host tool.
#pragma once

#include <string>
#include <string_view>

namespace spore::host {

std::string replace_all(std::string text, std::string_view from, std::string_view to);

}  // namespace spore::host
