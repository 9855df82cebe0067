// Completions for shells, made from the command line's own definition, so that they cannot disagree with it.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace spore::host {

/// "bash", "zsh" or "fish"; nothing for another shell.
std::optional<std::string> completion_script(const CLI::App& app, const std::string& shell);

}  // namespace spore::host
