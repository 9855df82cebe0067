#include "host/common/colour.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

namespace spore::host {

std::string coloured(int descriptor, Colour colour, std::string_view text) {
    const char *refused = std::getenv("NO_COLOR"), *terminal = std::getenv("TERM");
    bool wanted = ::isatty(descriptor) && !(refused && *refused) && terminal && std::string_view(terminal) != "dumb";
    return wanted ? fmt::format("\x1b[{}m{}\x1b[0m", static_cast<unsigned>(colour), text) : std::string(text);
}

}  // namespace spore::host
