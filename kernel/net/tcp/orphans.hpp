// Connections whose programs have gone, and which still end by themselves: counted, because nobody else limits them.
#pragma once

#include "base/types.hpp"

namespace spore::net::tcp {

/// False when there are too many.
bool count_orphan();
void forget_orphan();
/// What they have yet to bring to other machines: bytes, and FINs.
u64 undelivered_of_orphans();

}  // namespace spore::net::tcp
