// A CPU is a process of the host, and not always the same: each of a few keeps the mappings of one address space (residents.hpp). To go over to another
// means that it goes on with the kernel's context, which lies in memory that all share, while this one waits for its turn.
#pragma once

#include <atomic>

#include "arch/context.hpp"
#include "kernel/sync/spin.hpp"
#include "machine_layout.hpp"
#include "residents.hpp"

namespace spore::arch {

/// What a CPU knows of its processes.
struct Processes {
    struct Process {
        i32 number;             ///< the host's
        std::atomic<u32> turn;  ///< 1: to go on as the CPU; the host's futex
    };
    Process list[Residents::most]{};
    sync::Spin lock{};  ///< of residents
    Residents residents;
    KernelContext context{};             ///< where the CPU goes on
    std::atomic<bool> is_ready = false;  ///< a new process

    /// The host's number of the one that is the CPU.
    i32 number() const { return list[residents.running()].number; }
};

/// What each process has for itself, behind the same address.
struct OwnMemory {
    u32 place;             ///< in Processes::list
    i32 timer;             ///< the host's number for it
    u64 fs_base, gs_base;  ///< where the CPU has no instructions to read them
    alignas(page_size) u8 waiting_stack[32_KiB];
    u8 signal_stack[64_KiB];  ///< the host puts signals here, each for a moment
};
inline OwnMemory& own() { return *reinterpret_cast<OwnMemory*>(kernel_half::own); }

/// The first of the first CPU's, whose children all others are and with which the machine ends: the host's number.
i32 first_process();
/// Whether this is it.
bool is_first();
/// Takes this process into service as the first of its CPU's: memory of its own, a stack for signals, a timer.
void begin_process();
/// Goes over to the process that has the table's mappings, or gets them. Table 0: stays, and unmaps what there is.
void enter_process(u64 table);
/// This process only waits to be the CPU again. In any context.
bool is_waiting();

}  // namespace spore::arch
