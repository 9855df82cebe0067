// The hypervisor below a machine that is a guest of Xen, of the kind without emulated devices (PVH). Implemented where `can_run_on_xen`.
#pragma once

#include <string_view>

#include "arch/interrupts.hpp"
#include "base/bytes.hpp"
#include "machine_xen.hpp"  // can_run_on_xen: each machine's
#include "wire/xen/hypervisor.hpp"

namespace spore::arch::xen {

/// Whether this machine is one. Known when start_platform() has returned.
bool present();

/// What the hypervisor answers: negative errors of its own.
i64 call(wire::xen::Call number, u64 first, u64 second, u64 third = 0);

/// What the toolstack has set for this machine. not_found when Xen does not tell.
Result<u64> parameter(wire::xen::Parameter which);

/// The page that the domain and Xen share.
wire::xen::SharedInfo& shared_info();

/// Puts a page of Xen's in the place of a frame of ours, which must be ours for ever. no_memory when Xen refuses.
Result<void> replace_frame(PhysAddr frame, wire::xen::Space space, u64 index);
/// A page of ordinary memory that lies outside of what BootInfo told.
Result<void*> map_frame(u64 number);

/// Events of any channel call this, on CPU 0.
Result<void> connect_events(InterruptHandler handler, void* context);

/// The console, without waiting and in any context: takes what there is room for, or gives what has come; how much.
std::size_t write_console(std::string_view text);
std::size_t read_console(std::span<char> into);
std::size_t console_input();
/// The channel that tells of input and of room.
u32 console_port();

/// Ends the domain. Returns only where that fails.
void shut_down(wire::xen::Shutdown reason);

}  // namespace spore::arch::xen
