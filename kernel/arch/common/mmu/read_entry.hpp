// How a table's entry is read while others may change it.
#pragma once

#include "machine_entry.hpp"

namespace spore::arch {

/// In one step: the CPU sets accessed and dirty bits behind our back, and on linuxu a fault on another CPU does.
inline TableEntry read_entry(const TableEntry& entry) { return {__atomic_load_n(&entry.bits, __ATOMIC_RELAXED)}; }

}  // namespace spore::arch
