// The host's mappings as this CPU's translation cache: a page is mapped when it is touched and its table says that it may be, and unmapped
// when the kernel flushes it. Physical memory is a file of the host's without a name (memfd), so a frame's number is a place in it.
#pragma once

#include "arch/mmu.hpp"

namespace spore::arch {

/// The file, mapped at kernel_half::direct_map; and behind it, from `bundle_start` on, the bundle's and the root's, of which nothing is ever written.
struct HostMemory {
    int file = -1;
    u64 size = 0;
    int bundle = -1, root = -1;
    u64 bundle_start = 0, root_start = 0;
};
extern constinit HostMemory host_memory;
/// Where in the file the image's writable part lies.
inline constexpr u64 image_frame = 1_MiB;

/// A program's page was touched: maps it, and its neighbours, when its table grants the access.
bool touch_program_page(VirtAddr at, Access access);
/// A page of the current program that it executes and cannot change.
bool is_constant_code(VirtAddr at);
/// A place below program_end that flushes leave alone, for as long as no program has memory there; size 0: none.
void keep_mapped(u64 at, u64 size);
/// touch_program_page for a kernel stack that another CPU has mapped. In any context.
bool touch_kernel_half(u64 at);
/// Lies in the place for kernel stacks, where none is mapped.
bool is_stack_guard(u64 at);
/// Unmaps what is not kept, and nothing but that.
void unmap_here(u64 start, u64 end);
/// Before the first stack.
void prepare_stack_region();

}  // namespace spore::arch
