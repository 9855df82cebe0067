// Who may call the host.
#pragma once

namespace spore::arch::host {

/// From here on, calls from anywhere but call.S raise SIGSYS: so a program's calls reach its kernel, and none the host. False when the host
/// has no such filter.
bool close_calls();

}  // namespace spore::arch::host
