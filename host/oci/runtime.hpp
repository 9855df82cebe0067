// The command line of a runtime for container engines (Podman, containerd, Docker), which the tool has under the name spore-oci
// [OCI runtime specification 1.1, runtime.md; its options are runc's].
#pragma once

#include <CLI/CLI.hpp>
#include <functional>

#include "host/common/failure.hpp"

namespace spore::host::oci {

/// The program's name under which it is a runtime.
inline constexpr std::string_view runtime_name = "spore-oci";

Outcome<int> runtime(int count, const char* const* arguments);
/// For the manual: the command line as it is declared.
void show_runtime(const std::function<void(const CLI::App&)>& show);

}  // namespace spore::host::oci
