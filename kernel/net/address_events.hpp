// Who waits until the machine has its addresses, hears of them here.
#pragma once

namespace spore::net {

/// An address became usable. Any context.
void addresses_changed();

}  // namespace spore::net
