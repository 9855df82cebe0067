// What of the processor's features the host lets its programs use.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// `capabilities`: the host's AT_HWCAP2.
void adapt_features(u64 capabilities);

}  // namespace spore::arch
