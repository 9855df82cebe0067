// The fake processor has no random source of its own.
#include "arch/entropy.hpp"

namespace spore::arch {
std::optional<u64> hardware_random() { return std::nullopt; }
}  // namespace spore::arch
