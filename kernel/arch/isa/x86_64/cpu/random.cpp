#include "../instructions.hpp"
#include "arch/entropy.hpp"
#include "features.hpp"

namespace spore::arch {

std::optional<u64> hardware_random() {
    // Either may fail for lack of entropy; ten tries are the manual's advice for RDRAND [intel/vol1 7.3.17].
    for (int attempt = 0; attempt < 10; ++attempt) {
        u64 value;
        bool good = false;
        if (features.rdseed) asm volatile("rdseed %0" : "=r"(value), "=@ccc"(good));
        if (!good && features.rdrand) asm volatile("rdrand %0" : "=r"(value), "=@ccc"(good));
        if (good) return value;
        if (!features.rdseed && !features.rdrand) break;
    }
    return std::nullopt;
}

}  // namespace spore::arch
