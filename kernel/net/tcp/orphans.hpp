// Connections whose programs have gone, and which still end by themselves: counted, because nobody else limits them.
#pragma once

namespace spore::net::tcp {

/// False when there are too many.
bool count_orphan();
void forget_orphan();

}  // namespace spore::net::tcp
