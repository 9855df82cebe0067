// Flags of calls that move bytes, as programs give them to these and to the operations of rings.
#pragma once

#include "base/types.hpp"

namespace spore::linux {

/// preadv2's and pwritev2's RWF_*.
enum : u32 {
    rwf_high_priority = 1, rwf_data_sync = 2, rwf_sync = 4, rwf_no_wait = 8, rwf_append = 0x10, rwf_no_append = 0x20,
    rwf_read_known = rwf_high_priority | rwf_data_sync | rwf_sync | rwf_no_wait, rwf_write_known = rwf_read_known | rwf_append | rwf_no_append,
};

/// SPLICE_F_*. The last is of rings only.
enum : u32 { splice_move = 1, splice_non_blocking = 2, splice_more = 4, splice_gift = 8, splice_known = 15, splice_from_fixed = 1u << 31 };

}  // namespace spore::linux
