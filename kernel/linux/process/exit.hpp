// How processes end and are taken off the books.
#pragma once

#include "kernel/linux/process/process.hpp"

namespace spore::linux {

/// As if the first process had ended so.
void end_machine(WaitStatus status);
/// Starts the machine anew, by what set_restart() named. Both on the stack of the task that brings it about.
void restart_machine();
void set_restart(void (*restart)());

/// Takes a zombie out of the tables, adds what it used to its parent's account, and drops it. Harmless the second time.
void reap(Process& process);
/// The process no longer uses its parent's memory (execve, exit): the parent of a vfork goes on.
void end_vfork(Process& process);

/// What a thread promised to tell the program when it leaves its memory: robust futexes, the cleared id (pthread_join waits for it).
void tell_program_of_end(Task& task);

/// clock_t: hundredths of a second.
u64 ticks(Duration time);

}  // namespace spore::linux
