// The times of struct semid64_ds [linux/arch/x86/include/uapi/asm/sembuf.h].
#pragma once

#include "base/types.hpp"

namespace spore::linux {

struct UserSemaphoreTimes {
    i64 operated = 0, unused_1 = 0;
    i64 changed = 0, unused_2 = 0;
};

}  // namespace spore::linux
