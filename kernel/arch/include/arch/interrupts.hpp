// Device interrupts. Handlers run with interrupts off, on the CPU that took the interrupt, in program code's or idle's place:
// they acknowledge the device and wake somebody, no more.
#pragma once

#include "arch/pci.hpp"
#include "base/result.hpp"
#include "base/types.hpp"

namespace spore::arch {

using InterruptHandler = void (*)(void* context);

/// PCI lines are level_low; virtio-mmio's are level_high.
enum class Trigger : u8 { edge, level_low, level_high };

/// Routes an interrupt line (a global system interrupt) to a handler. busy when no vector is left. Lines may be shared.
Result<void> connect_line(u32 line, Trigger trigger, InterruptHandler handler, void* context);

/// What a device writes where, to raise a message-signalled interrupt.
struct Message {
    u64 address;
    u32 data;
};
/// A message-signalled interrupt of the function `source` for a handler, delivered to `cpu` where the machine can choose.
Result<Message> connect_message(PciAddress source, u32 cpu, InterruptHandler handler, void* context);

}  // namespace spore::arch
