// spore.toml: what a project says about how to run it. Unknown keys and wrong types are errors that name the line.
#pragma once

#include "host/plan/plan.hpp"

namespace spore::host {

/// Parses the text of a spore.toml. `file` is for messages; relative paths in it are relative to its folder.
Outcome<Request> parse_config(std::string_view text, const fs::path& file);
/// The text of a spore.toml.
Outcome<std::string> read_config_text(const fs::path& file);
/// Reads `folder`/spore.toml.
Outcome<Request> read_config(const fs::path& folder);

struct ConfigKey {
    std::string_view name, help;
};
/// All keys, for the manual.
std::vector<ConfigKey> config_keys();

/// The candidate that is nearest to `word` in spelling, when one is near enough to be meant.
std::optional<std::string_view> nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace spore::host
