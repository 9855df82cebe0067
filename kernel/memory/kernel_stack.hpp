// The stacks that threads run on in the kernel: 16 KiB (32 where accesses are checked, which takes room) of their own addresses with an unmapped page below, so that an overflow
// faults instead of overwriting a neighbour.
#pragma once

#include "base/result.hpp"
#include "kernel/memory/poison.hpp"

namespace spore::memory {

inline constexpr std::size_t kernel_stack_size = checks_accesses ? 32_KiB : 16_KiB;
/// With its guard page, from arch::kernel_stack_region_start on.
inline constexpr std::size_t kernel_stack_slot = page_size + kernel_stack_size;

/// One stack; its top (the first address above it), 16-byte aligned. no_memory when there is none.
Result<void*> allocate_kernel_stack();
/// Nobody runs on it any more.
void free_kernel_stack(void* top);

/// For those who keep a stack that nobody runs on. Its last words may be used meanwhile.
inline void rest_kernel_stack(void* top) {
    if constexpr (checks_accesses) poison(static_cast<std::byte*>(top) - kernel_stack_size, kernel_stack_size - 16, Poison::idle_stack);
}
inline void* wake_kernel_stack(void* top) {
    if constexpr (checks_accesses) unpoison(static_cast<std::byte*>(top) - kernel_stack_size, kernel_stack_size);
    return top;
}

}  // namespace spore::memory
