// Starting further processors: what machines share. A virtual one may be put off by its host for as long as that likes, also between being asked and
// its first instruction: so nothing that it finds then depends on when it comes. What it is to be lies in a slot that it draws by itself, and there is
// an end to the draw, after which whoever comes stops.
#pragma once

#include <span>

#include "arch/cpu.hpp"
#include "cpus.hpp"

namespace spore::arch {

struct ProcessorSlot {
    u64 stack = 0;
    CpuLocal* cpu = nullptr;
};
static_assert(sizeof(ProcessorSlot) == 16);  // machines' assembly

extern "C" ProcessorSlot processor_slots[max_cpus - 1];

/// Keeps a processor that firmware reports, once. Firmware's list may name one twice, and more than there is room for.
void note_processor(u64 processor);
std::span<const u64> noted_processors();

/// Fills a slot for each processor that is wanted; how many there are.
u32 fill_slots(u32 wanted);
/// How many have called arrive().
u32 arrivals();
/// Ends the draw from `next`: whoever has not drawn by now stops when it comes; whoever has will be here. How many came of those that were wanted.
u32 end_draw(u32& next, u32 wanted);
/// A processor is ready. Returns when it may run threads.
void arrive();
/// Counts the processors and lets them run; how many there are with this one.
u32 release(u32 came);

}  // namespace spore::arch
