// What the loader told, in one form whichever boot protocol it came by.
#pragma once

#include <span>
#include <string_view>

#include "abi/manifest.hpp"
#include "base/bytes.hpp"
#include "base/types.hpp"

namespace spore::arch {

struct MemoryRange {
    PhysAddr start, end;
};

struct BootInfo {
    const char* protocol = "";
    std::string_view command_line;
    MemoryRange bundle{};            ///< the initrd or module; empty when there is none
    static constexpr u32 max_ranges = 32;
    MemoryRange usable[max_ranges]{};        ///< RAM that nothing occupies, sorted; the kernel and the bundle are left out
    u32 usable_count = 0;
    PhysAddr lowest{};               ///< the start of the lowest RAM, or anything below it
    PhysAddr highest{};              ///< the end of the highest RAM, usable or not
    PhysAddr acpi_root{};            ///< RSDP; 0 when unknown
    ByteSpan seed{};                 ///< random bytes from the loader; empty when it gave none

    std::span<const MemoryRange> memory() const { return {usable, usable_count}; }
};

/// The story continues here (kernel/main): called once, on the boot CPU, with the kernel's own page tables in place,
/// interrupts off, and nothing else set up.
[[noreturn]] void start_kernel(const BootInfo& info);

/// Whether programs run privileged. Before the first address space and before start_cpus().
void choose_mode(abi::Mode mode);

/// Finds the interrupt controllers and the clock. Needs memory::add_memory; `acpi_root` may be 0.
void start_platform(const BootInfo& info);

/// Starts up to `wanted` processors in all; each ends in task::run_idle_loop(). How many run now.
u32 start_cpus(u32 wanted);

/// Seconds since 1970-01-01 UTC in nanoseconds, from the machine's clock.
i64 read_wall_clock();

/// Turns the machine off, or restarts it. Tries every way there is; stops the CPU when none works.
[[noreturn]] void power_off();
[[noreturn]] void restart();
/// Stops all other CPUs, for a panic.
void stop_other_cpus();

/// Writes to whatever serial port there is, by polling: for panics and for the time before there are drivers.
void write_early_console(std::string_view text);

/// Return addresses of the calling functions, innermost first; how many were found.
std::size_t backtrace(std::span<u64> addresses, u64 frame_pointer = 0);

}  // namespace spore::arch
