// Where things lie in this machine's address space: program_start, program_end, kernel_half.
#pragma once

#include "../../common/mmu/two_halves.hpp"
