// What a container is as a machine: the engine's configuration as the arguments of `spore run` would say it.
#pragma once

#include <span>

#include "host/oci/spec.hpp"

namespace spore::host::oci {

/// A machine takes memory as it uses it, and gives it back: so there can be plenty where the engine sets no limit.
inline constexpr u64 memory_without_limit = 1_GiB;

/// The keys of spore.toml that annotations may give, as spore.KEY. The rest is the engine's to say, or would weaken the wall around the container.
std::span<const std::string_view> annotated_keys();
/// `network` is what was found in the container's network namespace. Annotations `spore.KEY` are keys of spore.toml.
Outcome<Request> make_request(const Spec& spec, const NetworkRequest& network);

}  // namespace spore::host::oci
