// Text inside of SVG and HTML.
#pragma once

#include <string>
#include <string_view>

namespace spore::host {

/// With the characters that mean something there replaced, and control characters by question marks.
std::string escaped_markup(std::string_view text);

}  // namespace spore::host
