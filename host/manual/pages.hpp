// The manual's pages: of the command line from its own definition, of spore.toml from the keys it is read by, of system calls from the
// kernel's declarations, so that none can disagree with what it describes.
#pragma once

#include <CLI/CLI.hpp>
#include <vector>

#include "host/manual/page.hpp"

namespace spore::host {

/// All of them: spore, spore-VERB for each verb, spore.toml, spore-calls, spore-oci.
std::vector<Page> manual_pages(const CLI::App& app);

}  // namespace spore::host
