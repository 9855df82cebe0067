// Whether a background machine does its work yet, or has done it.
#pragma once

#include <chrono>

#include "host/instances/instance.hpp"
#include "host/plan/project.hpp"

namespace spore::host {

/// Waits until it is ready. A failure says that it has ended, or that it took longer.
Outcome<void> wait_until_ready(const Instance& instance, const Readiness& readiness, std::chrono::seconds patience);
/// Waits until it has ended, however long that takes. A failure says that its status was not 0.
Outcome<void> wait_until_ended_well(const Instance& instance);

}  // namespace spore::host
