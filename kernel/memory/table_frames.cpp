// Memory for the machine's translation tables.
#include "arch/mmu.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::arch {

Result<PhysAddr> allocate_table() { return memory::address_of(*TRY(memory::allocate_zeroed_frames())); }

void free_table(PhysAddr table) { memory::release(memory::frame_of(table)); }

}  // namespace spore::arch
