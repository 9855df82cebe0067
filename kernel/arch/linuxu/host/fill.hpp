// Has the host map memory at once that would come by a fault for each page otherwise. Hosts before Linux 5.14 do not know the call, and map it then.
#pragma once

#include "call.hpp"

namespace spore::arch::host {

/// What is done to each page, in madvise's words [linux/uapi/asm-generic/mman-common.h] that musl does not have yet.
enum class Fill { to_read = 22, to_write = 23 };

inline void fill(const void* start, u64 size, Fill how) { call(SYS_madvise, start, size, static_cast<int>(how)); }

}  // namespace spore::arch::host
