// What the toolstack asks of the domain as a whole: `xl shutdown` and `xl reboot` [xen docs/misc/xenstore-paths: ~/control/shutdown].
#pragma once

#include "kernel/drivers/xen/store.hpp"

namespace spore::drivers::xen {

/// Waits for it and passes it on (device::request_stop), until the store breaks the rules.
void serve_control(Store& store);

}  // namespace spore::drivers::xen
