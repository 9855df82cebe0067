// The walk through the four levels of tables: alike on all machines.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

inline constexpr unsigned entries_per_table = 512;
/// Levels count from 1 (4 KiB pages) to 4 (the root).
constexpr unsigned index_at(u64 address, unsigned level) { return address >> (12 + 9 * (level - 1)) & 511; }
constexpr u64 span_at(unsigned level) { return u64{1} << (12 + 9 * (level - 1)); }

}  // namespace spore::arch
