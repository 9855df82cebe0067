// What message queues by name exchange with programs.
#pragma once

#include "base/types.hpp"

namespace spore::linux {

/// struct mq_attr
struct QueueAttributes {
    i64 flags = 0, messages = 0, bytes = 0, waiting = 0, reserved[4] = {};
};
static_assert(sizeof(QueueAttributes) == 64);

}  // namespace spore::linux
