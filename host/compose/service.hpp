// A service of a Compose file.
#pragma once

#include "host/compose/compose_entry.hpp"
#include "host/compose/interpolation.hpp"
#include "host/plan/project.hpp"

namespace spore::host {

struct ServiceContext {
    fs::path folder;              ///< of the file: relative paths begin there
    const Variables& variables;   ///< that names without a value in `environment` stand for
};

/// Nothing when it belongs to a profile: these are started on demand.
Outcome<std::optional<ProjectMachine>> read_service(const ComposeEntry& entry, const std::string& name, const ServiceContext& context);

/// A command line's words, as a shell splits them: blanks, quotes and backslashes.
Outcome<std::vector<std::string>> split_words(std::string_view line);

}  // namespace spore::host
