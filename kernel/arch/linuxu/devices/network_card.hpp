// A network card: a link to the host's network, or to one of a user's own, as a device of the kernel's.
#pragma once

#include "../boot/settings.hpp"

namespace spore::arch {

/// Adds the card that the settings name to the kernel's, if they name one.
void open_network(const Settings& settings);

}  // namespace spore::arch
