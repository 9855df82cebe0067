// Colour in our own messages: only for people, who read at a terminal and did not say no.
#pragma once

#include <string>
#include <string_view>

namespace spore::host {

enum class Colour : unsigned char { red = 31, yellow = 33, grey = 90 };

/// `text` in `colour` [ECMA-48 8.3.117] when `descriptor` is a terminal that has colours and $NO_COLOR is not set [no-color.org].
std::string coloured(int descriptor, Colour colour, std::string_view text);

}  // namespace spore::host
