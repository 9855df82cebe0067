// The plan as a QEMU command line. A pure function of the plan, so that --dry-run prints what a run would start.
#pragma once

#include "host/plan/plan.hpp"

namespace spore::host {

/// Descriptor numbers that QEMU inherits.
namespace qemu_descriptor {
inline constexpr int channel = 3, serial = 4, bundle = 5, network = 6, kernel = 7, root = 8, firmware = 9, monitor = 10, state = 11;
inline constexpr int first_share = 12;  ///< one after another, as the plan has them
inline constexpr int first_disk = first_share + static_cast<int>(most_volume_devices);  ///< volumes that are disks, likewise
}

std::vector<std::string> qemu_command(const Plan& plan, Accelerator accelerator, RootPlace root);
/// Whether QEMU has a monitor: its state may be saved, or comes from a file.
bool has_monitor(const Plan& plan);

/// The QEMU to run: $SPORE_QEMU, or the one in $PATH.
std::string qemu_program(Architecture architecture);

}  // namespace spore::host
