// Finds data races: two CPUs at the same memory at the same time, at least one of them writing, at least one of them by an ordinary access (not an
// atomic or volatile one). The compiler calls of each access (calls.cpp); now and then a CPU that makes an ordinary one waits for a moment, with a note
// of what it is about to touch, and whoever else comes by is caught. No lock has to be known for that, so nothing that is found is a mistake of
// the detector's. The same idea as KCSAN [linux Documentation/dev-tools/kcsan.rst].
#pragma once

#include "base/types.hpp"

namespace spore::arch::races {

struct Access {
    u64 address;
    u64 size;
    bool writes;
    bool marked;         ///< atomic or volatile: no race with another such
    u64 frame_pointer;   ///< of the function that the compiler called
};

void look(const Access& access);
/// From now on CPUs wait. With all of them running, and their CpuLocals in place.
void begin();

}  // namespace spore::arch::races
