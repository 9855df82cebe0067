// The gateway: libslirp, which turns what guests send into connections of this process, as in QEMU's user network. Also name server and router.
#pragma once

#include <functional>
#include <memory>

#include "host/lan/daemon/gateway.hpp"

namespace spore::host::lan {

/// `send` gets the frames that the gateway sends into the network. Null when libslirp refuses.
std::unique_ptr<Gateway> make_slirp_gateway(std::function<void(ByteSpan)> send);

}  // namespace spore::host::lan
