// Nothing but the caller runs while the machine's state is saved: what a copy of it may not know twice (random numbers) or knows wrong (the time)
// is put right before any program goes on.
#pragma once

#include <utility>

#include "base/result.hpp"

namespace spore::main {

/// From begin() until it goes, the other CPUs run nothing but interrupts, and this one nothing but the caller, as long as that does not sleep.
/// The others were stopped where threads are switched: they hold no spin lock.
class Standstill {
public:
    /// no_memory. One at a time.
    static Result<Standstill> begin();
    Standstill(Standstill&& other) : parked_(std::exchange(other.parked_, 0)) {}
    ~Standstill();

private:
    explicit Standstill(u32 parked) : parked_(parked) {}
    u32 parked_;  ///< CPUs
};

}  // namespace spore::main
