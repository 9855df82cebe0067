// Disks behind Hyper-V's controllers, SCSI and IDE.
#pragma once

#include "kernel/drivers/hyperv/bus.hpp"

namespace spore::drivers::hyperv {

/// Whether the offer is a controller of disks.
bool is_storage(const Offer& offer);
/// Adds its disks, which live as long as the machine. Sleeps. no_memory, not_supported, timed_out, io.
Result<void> attach_storage(Bus& bus, const Offer& offer);

}  // namespace spore::drivers::hyperv
