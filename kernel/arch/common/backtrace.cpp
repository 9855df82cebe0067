#include "arch/boot.hpp"
#include "machine_layout.hpp"

namespace spore::arch {

std::size_t backtrace(std::span<u64> addresses, u64 frame_pointer) {
    u64 at = frame_pointer ? frame_pointer : reinterpret_cast<u64>(__builtin_frame_address(0));
    std::size_t count = 0;
    // Frames lie on kernel stacks: in the kernel's half, 8-aligned, each above the one it called.
    while (count < addresses.size() && at >= kernel_half::start && is_aligned(at, 8)) {
        auto* frame = reinterpret_cast<const u64*>(at);
        if (!frame[1]) break;
        addresses[count++] = frame[1];
        if (frame[0] <= at || frame[0] - at > 64_KiB) break;
        at = frame[0];
    }
    return count;
}

}  // namespace spore::arch
