// Time as Xen and KVM tell it: a moment of the TSC, its nanoseconds, and how they go on from there [xen/include/public/xen.h, vcpu_time_info].
#pragma once

#include <optional>

#include "../instructions.hpp"
#include "wire/xen/hypervisor.hpp"

namespace spore::arch {

/// One state of it: whoever writes makes the version odd meanwhile.
inline wire::xen::SystemTime read_time(const volatile wire::xen::SystemTime& shared) {
    wire::xen::SystemTime time{};
    do {
        time.version = shared.version;
        asm volatile("" ::: "memory");
        time.tsc_timestamp = shared.tsc_timestamp;
        time.system_time = shared.system_time;
        time.multiplier = shared.multiplier;
        time.shift = shared.shift;
        asm volatile("" ::: "memory");
    } while ((time.version & 1) || time.version != shared.version);
    return time;
}

/// The TSC's rate; 0 when the time was never set. nanoseconds = (tsc << shift) * multiplier >> 32
inline u32 khz_of(const wire::xen::SystemTime& time) {
    if (!time.multiplier) return 0;
    u64 khz = (u64{1'000'000} << 32) / time.multiplier;
    return static_cast<u32>(time.shift < 0 ? khz << -time.shift : khz >> time.shift);
}

/// The wall clock, given what it showed at time zero. Nothing when either was never set.
inline std::optional<i64> wall_nanoseconds(const wire::xen::SystemTime& time, u64 seconds, u32 nanoseconds) {
    if (!time.multiplier || !seconds) return std::nullopt;
    u64 cycles = read_tsc() - time.tsc_timestamp;
    cycles = time.shift < 0 ? cycles >> -time.shift : cycles << time.shift;
    u64 since = static_cast<u64>(static_cast<unsigned __int128>(cycles) * time.multiplier >> 32) + time.system_time;
    return static_cast<i64>(seconds * 1'000'000'000 + nanoseconds + since);
}

}  // namespace spore::arch
