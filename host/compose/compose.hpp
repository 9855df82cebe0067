// A project as a Compose file describes it: compose.yaml and its like [Compose specification].
#pragma once

#include "host/compose/interpolation.hpp"
#include "host/plan/project.hpp"

namespace spore::host {

/// `variables`: what names in the text stand for.
Outcome<Project> parse_compose(std::string_view text, const fs::path& file, const Variables& variables);
/// Names stand for this process's environment, or for the file .env beside it.
Outcome<Project> read_compose(const fs::path& file);
/// The Compose file of a folder, by the names that Docker looks for.
std::optional<fs::path> find_compose(const fs::path& folder);

}  // namespace spore::host
