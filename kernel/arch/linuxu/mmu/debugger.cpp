#include "debugger.hpp"

#include <algorithm>

#include "../boot/machine.hpp"
#include "arch/cpu.hpp"

// Where share/gdb/spore.py has breakpoints of its own.
extern "C" [[gnu::noinline, gnu::used]] void debugger_code_came(spore::u64 start, spore::u64 end) { asm volatile("" ::"r"(start), "r"(end)); }
extern "C" [[gnu::noinline, gnu::used]] void debugger_code_goes(spore::u64 start, spore::u64 end) { asm volatile("" ::"r"(start), "r"(end)); }

namespace spore::arch {
namespace {

/// Around all code that is mapped. Of this CPU's process, the first one, which is the one that is debugged.
constinit u64 lowest = ~u64{0}, highest = 0;

bool watched() { return settings.debugger && cpu_id() == 0; }

}  // namespace

void code_came(u64 start, u64 end) {
    if (!watched()) return;
    lowest = std::min(lowest, start), highest = std::max(highest, end);
    debugger_code_came(start, end);
}

void code_goes(u64 start, u64 end) {
    if (!watched() || start >= highest || end <= lowest) return;
    debugger_code_goes(start, end);
    if (start <= lowest && end >= highest) lowest = ~u64{0}, highest = 0;
}

}  // namespace spore::arch
