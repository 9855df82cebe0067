// The ordinary ends of the machine: no program could be started, or it is over.
#pragma once

#include "abi/channel.hpp"
#include "base/format.hpp"
#include "kernel/device/stop_request.hpp"

namespace spore::main {

/// Tells the host why nothing ran, and turns the machine off.
[[noreturn]] void stop(abi::StartFailure failure, std::string_view message);

/// Tells the host how the program ended, and turns the machine off or restarts it.
[[noreturn]] void finish(abi::ExitReason reason, u32 status, device::AfterEnd after = device::AfterEnd::power_off);

/// From now on finish() and stop() report on the channel.
void report_on_channel();
/// Whether they do.
bool reports_on_channel();

}  // namespace spore::main
