// Whether a background machine does its work yet.
#pragma once

#include <chrono>

#include "host/instances/instance.hpp"

namespace spore::host {

/// Waits until its program listens at a TCP port. A failure says that it has ended, or that it took longer.
Outcome<void> wait_until_it_listens(const Instance& instance, u16 port, std::chrono::seconds patience);

}  // namespace spore::host
