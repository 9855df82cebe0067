// Programs that the host starts beside the first (spore exec). Each has a console of its own, nested in the channel, and a terminal there when
// somebody sits at one.
#pragma once

#include "kernel/fs/dentry.hpp"
#include "kernel/main/channel.hpp"

namespace spore::main {

/// What the channel is to call for their frames (ChannelActions::nested). What the host does not say of a program is as for the first, in `manifest`
/// and `root`.
using TakeNested = decltype(ChannelActions::nested);
TakeNested start_executions(const wire::Manifest& manifest, Shared<fs::Dentry> root);

}  // namespace spore::main
