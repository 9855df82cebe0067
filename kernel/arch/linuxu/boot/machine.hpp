// What the process was started with.
#pragma once

#include "settings.hpp"

namespace spore::arch {

extern constinit Settings settings;

}  // namespace spore::arch
