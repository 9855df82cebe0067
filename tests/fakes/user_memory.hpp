// Where a program's memory lies, for the calls that read and write it.
#pragma once

#include "base/types.hpp"

namespace spore::fakes {

enum class ProgramMemory : u8 {
    host,   ///< the host's own: pointers of the test are addresses of its program
    paged,  ///< the current task's address space: a page that is not there is a fault, as on a CPU
};
/// `host` until told otherwise.
void set_program_memory(ProgramMemory kind);

}  // namespace spore::fakes
