// What the stack has to do at certain times besides the transports' own: neighbours, reassembly, addresses. Each CPU has one timer for all of it,
// armed by whoever needs it earliest, so that nothing is armed and cancelled across CPUs.
#pragma once

#include "base/time.hpp"

namespace spore::net {

/// Sees to it that the chores are run at this time or before, on this CPU. A chore does what is due, under locks of its own, and returns when
/// there is more, or never; it runs in a timer's context, on several CPUs at once.
void wake_chores_at(Instant time);

}  // namespace spore::net
