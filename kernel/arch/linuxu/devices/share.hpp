// Folders that the host shares: a socket for each, behind which a server of the host tool's speaks 9P2000.L.
#pragma once

#include "../boot/settings.hpp"

namespace spore::arch {

/// Adds the folders that the settings name to the kernel's.
void open_shares(const Settings& settings);

}  // namespace spore::arch
