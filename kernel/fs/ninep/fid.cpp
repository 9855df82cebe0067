#include "kernel/fs/ninep/fid.hpp"

#include <algorithm>
#include <bit>

#include "kernel/fs/ninep/client.hpp"

namespace spore::fs::ninep {

Fid::~Fid() { client_.forget(*this); }

Result<u32> FidNumbers::take() {
    auto* free = std::find_if(words_, words_ + count_, [](u64 word) { return ~word != 0; });
    if (free == words_ + count_) {
        u32 larger = count_ ? count_ * 2 : 4;
        auto* words = new (std::nothrow) u64[larger]();
        if (!words) return fail(Error::no_memory);
        std::copy_n(words_, count_, words);
        free = words + count_;
        delete[] std::exchange(words_, words);
        count_ = larger;
    }
    int bit = std::countr_one(*free);
    *free |= u64{1} << bit;
    return static_cast<u32>((free - words_) * 64 + bit);
}

}  // namespace spore::fs::ninep
