// What flush.cpp asks of each machine: acts on the CPU that runs this, and the interrupt.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

/// The root of a table that maps no program.
u64 table_without_program();
/// This CPU translates with the table at `root` from here on.
void use_table(u64 root);
/// What is kept of a table beyond what the CPUs have loaded is not to be used again: in [start, end), of any table when it is 0, or at all. Comes before
/// the CPUs are asked.
void note_flush(u64 root, u64 start, u64 end);
void note_end(u64 root);
/// This CPU forgets what it knows of [start, end).
void flush_here(u64 start, u64 end);
/// Between two looks at what other CPUs are doing.
void rest();
/// Makes another CPU call serve_flushes().
void interrupt_for_flush(u32 cpu);

}  // namespace spore::arch
