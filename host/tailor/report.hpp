// What `spore tailor` tells: each part and each call with the reason why it is there.
#pragma once

#include "host/tailor/selection.hpp"

namespace spore::host {

struct KernelSizes {
    u64 whole, tailored;  ///< bytes of the images that boot
};

/// Pure, for people or (`json`) for programs.
std::string tailor_report(const Plan& plan, const Selection& selection, KernelSizes sizes, bool json);

}  // namespace spore::host
