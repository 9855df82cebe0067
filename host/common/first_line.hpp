// The "#!" line of a script.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spore::host {

struct FirstLine {
    std::string interpreter, argument;
    /// The name that env(1) looks up in $PATH, where that is the interpreter.
    std::optional<std::string> name_for_env() const;
};
/// Split as the kernel splits it [execve(2)]; nothing when the text begins otherwise.
std::optional<FirstLine> parse_first_line(std::string_view text);

}  // namespace spore::host
