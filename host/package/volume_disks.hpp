// Disks that an image wants beside its own, for who writes a machine's configuration.
#pragma once

#include <string>
#include <vector>

#include "host/plan/plan.hpp"

namespace spore::host {

struct VolumeDisk {
    std::string file;  ///< where it is on this machine; of one that is known by its label only, LABEL.img beside the configuration
    bool read_only;
};
/// In the order of the plan. Of labels only letters, digits and "._-" stay.
std::vector<VolumeDisk> volume_disks(const Plan& plan);

}  // namespace spore::host
