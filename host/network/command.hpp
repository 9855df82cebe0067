// What `spore net` does.
#pragma once

#include <string>

#include "host/common/failure.hpp"

namespace spore::host {

enum class NetworkFormat : u8 { summary, all, json };
/// Asks a running instance's guest and prints on standard output.
Outcome<int> show_network(const std::string& name, NetworkFormat format);

}  // namespace spore::host
