#include "kvm_clock.hpp"

#include "../../isa/x86_64/cpu/features.hpp"
#include "../instructions.hpp"
#include "arch/mmu.hpp"

namespace spore::arch {
namespace {

constexpr u32 wall_clock_msr = 0x4b564d00, system_time_msr = 0x4b564d01;

struct [[gnu::packed]] SystemTime {
    u32 version, padding;
    u64 tsc_timestamp, system_time;
    u32 multiplier;
    i8 shift;
    u8 flags, padding2[2];
};
static_assert(sizeof(SystemTime) == 32);
struct WallClock {
    u32 version, seconds, nanoseconds;
};

alignas(32) constinit volatile SystemTime system_time{};
alignas(16) constinit volatile WallClock wall_clock{};

u64 address_of(const volatile void* object) { return physical(const_cast<const void*>(object)).value; }

/// KVM fills the structure while the MSR is being written; afterwards we no longer need it to be updated.
struct Snapshot {
    u64 tsc_timestamp, system_time;
    u32 multiplier;
    i8 shift;
};
Snapshot take_snapshot() {
    write_msr(system_time_msr, address_of(&system_time) | 1);
    Snapshot s;
    u32 version;
    do {
        version = system_time.version;
        asm volatile("" ::: "memory");
        s = {system_time.tsc_timestamp, system_time.system_time, system_time.multiplier, system_time.shift};
        asm volatile("" ::: "memory");
    } while ((version & 1) || version != system_time.version);
    write_msr(system_time_msr, 0);
    return s;
}

}  // namespace

u32 kvm_tsc_khz() {
    if (!features.kvm_clock) return 0;
    auto s = take_snapshot();
    if (!s.multiplier) return 0;
    // nanoseconds = (tsc << shift) * multiplier >> 32
    u64 khz = (u64{1'000'000} << 32) / s.multiplier;
    return static_cast<u32>(s.shift < 0 ? khz << -s.shift : khz >> s.shift);
}

std::optional<i64> kvm_wall_nanoseconds() {
    if (!features.kvm_clock) return std::nullopt;
    write_msr(wall_clock_msr, address_of(&wall_clock));
    auto s = take_snapshot();
    if (!s.multiplier || !wall_clock.seconds) return std::nullopt;
    u64 cycles = read_tsc() - s.tsc_timestamp;
    cycles = s.shift < 0 ? cycles >> -s.shift : cycles << s.shift;
    u64 since = static_cast<u64>(static_cast<unsigned __int128>(cycles) * s.multiplier >> 32) + s.system_time;
    return i64{wall_clock.seconds} * 1'000'000'000 + wall_clock.nanoseconds + static_cast<i64>(since);
}

}  // namespace spore::arch
