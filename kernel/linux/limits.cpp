#include "kernel/linux/limits.hpp"

namespace spore::linux {

constinit SystemLimits system_limits;

}  // namespace spore::linux
