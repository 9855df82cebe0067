// What Hyper-V's host asks of the machine: to stop, whether it is alive, and to know the time.
#pragma once

#include "kernel/drivers/hyperv/bus.hpp"

namespace spore::drivers::hyperv {

/// Whether the offer is a service that we have.
bool is_service(const Offer& offer);
/// Serves it, as long as the machine lives. no_memory, not_supported.
Result<void> attach_service(Bus& bus, const Offer& offer);

}  // namespace spore::drivers::hyperv
