// Which blocks were freed that the disk may still keep room for: a few stretches, since removed files lie side by side mostly. Where there are too many,
// one takes in what lies between: of that the disk is told what is free, too.
#pragma once

#include "base/types.hpp"

namespace spore::fs::ext4 {

class FreedStretches {
public:
    struct Stretch {
        u64 start, end;
    };
    bool empty() const { return count_ == 0; }
    void add(Stretch stretch);
    /// One of them, which there is.
    Stretch take() { return stretches_[--count_]; }

private:
    static constexpr u32 most = 32;
    Stretch stretches_[most];
    u32 count_ = 0;
};

}  // namespace spore::fs::ext4
