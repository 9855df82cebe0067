// Copies between the kernel and the program's memory of the current address space. These may fault pages in, so they may
// sleep: never with a spin lock held. A range that is not the program's, or not there, gives bad_address; nothing else can go wrong.
#pragma once

#include <cstddef>

#include "base/result.hpp"
#include "base/types.hpp"

namespace spore::arch {

/// Copies `size` bytes; on failure some of them may have been copied.
Result<void> copy_from_program(void* to, VirtAddr from, std::size_t size);
Result<void> copy_to_program(VirtAddr to, const void* from, std::size_t size);
Result<void> zero_program(VirtAddr to, std::size_t size);
/// Length of the zero-terminated string at `from`, without the zero; name_too_long when there is none within `limit` bytes.
Result<std::size_t> program_string_length(VirtAddr from, std::size_t limit);

/// One atomic step on a 32-bit word of the program (futexes): the old value.
Result<u32> load_program_word(VirtAddr at);
/// Stores `desired` when the word is `expected`; the value found.
Result<u32> exchange_program_word(VirtAddr at, u32 expected, u32 desired);

}  // namespace spore::arch
