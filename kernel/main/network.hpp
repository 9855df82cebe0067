// The network as the manifest wants it.
#pragma once

#include "wire/manifest.hpp"

namespace spore::main {

/// Starts the stack; where the network gives out addresses they come later.
void start_network(const wire::Manifest& manifest);
/// Waits for them. Last before the program, which could not use the network without.
void wait_for_network();
/// Waits until what the program has sent has arrived, or it is plain that it will not. Last before the machine stops.
void drain_network();

}  // namespace spore::main
