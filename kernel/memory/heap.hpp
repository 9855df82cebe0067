// Memory for kernel objects: small sizes from slabs, with free lists per CPU in front; larger ones are blocks of frames.
// operator new and delete (operator_new.cpp) end here.
#pragma once

#include "base/types.hpp"

namespace spore::memory {

/// At least `size` bytes at a multiple of `alignment` (a power of two; 16 at least is given). Null when there is no memory.
void* allocate(std::size_t size, std::size_t alignment = 16);
/// Takes back what allocate() gave; null is fine.
void deallocate(void* pointer);
/// How many bytes the block at `pointer` can really hold.
std::size_t usable_size(const void* pointer);

/// Bytes in slabs and large blocks, free objects included.
u64 heap_use();
/// Gives this CPU's free objects back to their slabs, so that slabs in no use become free frames.
void flush_local_heap_lists();

}  // namespace spore::memory
