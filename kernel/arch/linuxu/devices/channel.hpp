// The control channel (abi/channel.hpp).
#pragma once

namespace spore::arch {

/// Offers the socket to the kernel, as the stream of its channel. Nothing for a descriptor below 0.
void open_channel(int descriptor);

}  // namespace spore::arch
