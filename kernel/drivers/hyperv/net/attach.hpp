// Hyper-V's network cards.
#pragma once

#include "kernel/drivers/hyperv/bus.hpp"

namespace spore::drivers::hyperv {

bool is_net(const Offer& offer);
/// Makes it an interface, as long as the machine lives. Sleeps. no_memory, timed_out, not_supported, io.
Result<void> attach_net(Bus& bus, const Offer& offer);

}  // namespace spore::drivers::hyperv
