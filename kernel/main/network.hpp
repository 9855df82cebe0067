// The network as the manifest wants it.
#pragma once

#include "wire/manifest.hpp"

namespace spore::main {

/// Starts the stack, and waits for addresses where the network gives them out.
void start_network(const wire::Manifest& manifest);

}  // namespace spore::main
