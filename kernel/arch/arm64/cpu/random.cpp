#include "../instructions.hpp"
#include "arch/entropy.hpp"
#include "features.hpp"

namespace spore::arch {

std::optional<u64> hardware_random() {
    // RNDR may be empty for a moment; it says so by the Z flag [DDI0487 K18.16.5].
    for (int attempt = 0; features.random && attempt < 10; ++attempt) {
        u64 value, good;
        asm volatile("mrs %0, S3_3_C2_C4_0\n\tcset %1, ne" : "=r"(value), "=r"(good) : : "cc");
        if (good) return value;
    }
    return std::nullopt;
}

}  // namespace spore::arch
