// Manual pages and shell completions, made from the command line's own definition, so that they cannot disagree with it.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

namespace spore::host {

/// The page "spore", "spore-VERB" or "spore.toml" in roff [man(7)]; nothing when there is no such page.
std::optional<std::string> manual_page(const CLI::App& app, const std::string& page);
/// "bash", "zsh" or "fish"; nothing for another shell.
std::optional<std::string> completion_script(const CLI::App& app, const std::string& shell);

}  // namespace spore::host
