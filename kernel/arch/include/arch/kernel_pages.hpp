// Many pages of the kernel's half at once.
#pragma once

#include <span>

#include "base/types.hpp"

namespace spore::arch {

struct KernelPage {
    VirtAddr at;
    PhysAddr frame{};  ///< what was mapped there, afterwards
};
/// Takes mapped pages out, on every CPU: other CPUs are asked once for all of them.
void unmap_kernel_pages(std::span<KernelPage> pages);

}  // namespace spore::arch
