// Memory that the host may have back: free blocks of 2 MiB which were used since it had them last.
#pragma once

#include "kernel/memory/frame.hpp"

namespace spore::memory {

/// Such a block, which nobody else gets until it is put back; null when there is none, or when too little else is free.
Frame* take_idle_block();
/// Puts it back; `taken`: the host has its memory, and its contents are lost.
void put_idle_block(Frame& block, bool taken);

}  // namespace spore::memory
