// Which addresses are this machine's: asked for every packet that comes in, so it takes no lock. A table in open addressing that is rewritten as
// a whole when an address comes or goes; readers notice by a sequence number that they read during that, and read again.
#pragma once

#include "kernel/net/address.hpp"

namespace spore::net {

enum class LocalKind : u8 { none, own, broadcast };

struct Local {
    LocalKind kind = LocalKind::none;
    u8 interface = 0;  ///< whose address, or whose network's broadcast, it is
};

Local find_local(const IpAddress& address);
/// Fills the table with the interfaces' addresses as they are now. With none of their locks held.
void rewrite_local_table();

}  // namespace spore::net
