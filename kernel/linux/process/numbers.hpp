// Which number a new task or process gets: the next one that nothing has, and from the last one on the low ones again. Those that were given back
// are noticed once in each round, all together, so that a number costs the same however many are in use.
#pragma once

#include <bit>
#include <cstddef>

#include "base/types.hpp"

namespace spore::linux {

class Numbers {
public:
    static constexpr i32 limit = 32768;        ///< /proc/sys/kernel/pid_max
    static constexpr i32 first_again = 300;    ///< [linux] RESERVED_PIDS: below are those of the first processes, once

    /// 0 when all are in use. `in_use` calls what it is given for each number that is, in any order, and for some more than once.
    template <typename InUse>
    i32 take(InUse&& in_use) {
        i32 id = next_from(last_ + 1);
        if (!id) {
            for (u64& word : taken_) word = 0;
            in_use([this](i32 used) {
                if (used > 0 && used < limit) taken_[used / 64] |= u64{1} << used % 64;
            });
            if (!(id = next_from(first_again))) return 0;
        }
        return last_ = id;
    }
    /// What take() gave last.
    i32 last() const { return last_; }

private:
    /// The first from `from` on that was not in use when this round began; 0 when there is none.
    i32 next_from(i32 from) const {
        for (auto at = static_cast<u32>(from); at < u32{limit}; at = (at / 64 + 1) * 64)
            if (u64 left = ~taken_[at / 64] >> at % 64) return static_cast<i32>(at + static_cast<u32>(std::countr_zero(left)));
        return 0;
    }

    u64 taken_[limit / 64] = {};
    i32 last_ = 0;
};

}  // namespace spore::linux
