// Programs that a container engine wants run at points of a container's life [OCI runtime specification 1.1, config.md, POSIX-platform Hooks].
#pragma once

#include <span>

#include "host/oci/spec.hpp"

namespace spore::host::oci {

/// One after the other, each with the container's state on its standard input. Ends with the first that fails.
Outcome<void> run_hooks(std::span<const Hook> hooks, std::string_view state);

}  // namespace spore::host::oci
