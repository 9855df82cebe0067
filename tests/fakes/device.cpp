// The fake machine has no devices to map and no interrupt lines; tests of drivers bring their own registers.
#include "arch/combined_memory.hpp"
#include "arch/interrupts.hpp"
#include "arch/mmu.hpp"

namespace spore::arch {
[[gnu::weak]] Result<void*> map_device(PhysAddr, std::size_t) { return fail(Error::no_device); }
Result<void*> map_combined(PhysAddr, std::size_t) { return fail(Error::no_device); }
void settle_combined() {}
[[gnu::weak]] Result<void> connect_line(u32, Trigger, InterruptHandler, void*) { return fail(Error::no_device); }
}  // namespace spore::arch
