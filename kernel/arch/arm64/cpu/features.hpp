// What this processor can do, found once at boot.
#pragma once

#include "base/types.hpp"

namespace spore::arch {

struct Features {
    bool pan;                     ///< the kernel can close programs' pages to itself
    bool random;                  ///< RNDR
    bool single_instruction_atomics;  ///< LSE
    bool wide_address_spaces;     ///< ASIDs of 16 bits
    bool signs_addresses, signs_data;  ///< pointer authentication: of addresses, of anything (PACGA)
    bool branch_targets;          ///< pages whose code computed branches enter at marked places only
    bool clean_data, clean_code;  ///< no cache maintenance is needed between writing code and running it: none of data, none of instructions
    u64 capabilities, capabilities_2;  ///< AT_HWCAP, AT_HWCAP2
    u64 pfr0, pfr1, isar0, isar1, isar2, mmfr2;  ///< identification registers as programs may see them
};

/// Filled by find_features() before anything else runs.
extern constinit Features features;
void find_features();

}  // namespace spore::arch
