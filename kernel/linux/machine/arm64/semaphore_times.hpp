// The times of struct semid64_ds [linux/include/uapi/asm-generic/sembuf.h].
#pragma once

#include "base/types.hpp"

namespace spore::linux {

struct UserSemaphoreTimes {
    i64 operated = 0;
    i64 changed = 0;
};

}  // namespace spore::linux
