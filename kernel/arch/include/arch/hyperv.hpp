// The hypervisor below a machine that is a guest of Hyper-V: messages and events from and to its host. Implemented where `can_run_on_hyperv`.
#pragma once

#include "arch/interrupts.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "machine_hyperv.hpp"  // can_run_on_hyperv: each machine's
#include "wire/hyperv/hypervisor.hpp"

namespace spore::arch::hyperv {

/// Whether this machine is one, and may send messages and events. Known when start_platform() has returned.
bool present();

/// From here on messages and events interrupt CPU 0. Once, on it. no_memory, busy.
Result<void> connect(InterruptHandler handler, void* context);

/// Where messages come, one at a time: the host fills it when it is empty.
volatile wire::hyperv::MessageSlot& message();
/// It has been read: the next may come.
void message_taken();
/// A flag for each channel. The host sets them, whoever looks clears them.
wire::hyperv::EventFlags& events();

/// Sends a message of VMBus', at most message_size bytes. busy when the host has no room for it now, not_found where nobody takes it. After connect(); one at a time.
Result<void> post(u32 connection, ByteSpan message);
/// In any context.
void signal(u32 connection);

/// Since the machine began; 0 where the hypervisor does not tell.
Duration reference_time();

}  // namespace spore::arch::hyperv
