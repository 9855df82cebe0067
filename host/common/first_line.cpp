#include "host/common/first_line.hpp"

#include <algorithm>

namespace spore::host {

std::optional<FirstLine> parse_first_line(std::string_view text) {
    if (!text.starts_with("#!")) return std::nullopt;
    auto line = text.substr(2, std::min<std::size_t>(text.find('\n'), 256) - 2);
    auto trim = [](std::string_view part) {
        auto begin = part.find_first_not_of(" \t\r"), end = part.find_last_not_of(" \t\r");
        return begin == std::string_view::npos ? std::string_view{} : part.substr(begin, end - begin + 1);
    };
    line = trim(line);
    auto space = line.find_first_of(" \t");
    return FirstLine{std::string(line.substr(0, space)), std::string(space == std::string_view::npos ? "" : trim(line.substr(space)))};
}

std::optional<std::string> FirstLine::name_for_env() const {
    if (interpreter.substr(interpreter.rfind('/') + 1) != "env" || argument.empty()) return std::nullopt;
    auto name = argument.starts_with("-S ") ? argument.substr(3) : argument;
    return name.substr(0, name.find_first_of(" \t"));
}

}  // namespace spore::host
