// Files of the host's as disks.
#pragma once

#include "../boot/settings.hpp"

namespace spore::arch {

void open_disks(const Settings& settings);

}  // namespace spore::arch
