// The stacks that threads run on in the kernel: 16 KiB of their own addresses with an unmapped page below, so that an overflow
// faults instead of overwriting a neighbour.
#pragma once

#include "base/result.hpp"

namespace spore::memory {

inline constexpr std::size_t kernel_stack_size = 16_KiB;

/// One stack; its top (the first address above it), 16-byte aligned. no_memory when there is none.
Result<void*> allocate_kernel_stack();
/// Nobody runs on it any more.
void free_kernel_stack(void* top);

}  // namespace spore::memory
