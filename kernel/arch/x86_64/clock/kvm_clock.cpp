#include "kvm_clock.hpp"

#include "../../isa/x86_64/cpu/features.hpp"
#include "../instructions.hpp"
#include "arch/mmu.hpp"
#include "system_time.hpp"

namespace spore::arch {
namespace {

constexpr u32 wall_clock_msr = 0x4b564d00, system_time_msr = 0x4b564d01;

struct WallClock {
    u32 version, seconds, nanoseconds;
};

alignas(32) constinit volatile wire::xen::SystemTime system_time{};
alignas(16) constinit volatile WallClock wall_clock{};

u64 address_of(const volatile void* object) { return physical(const_cast<const void*>(object)).value; }

/// KVM fills the structure while the MSR is being written; afterwards we no longer need it to be updated.
wire::xen::SystemTime take_snapshot() {
    write_msr(system_time_msr, address_of(&system_time) | 1);
    auto time = read_time(system_time);
    write_msr(system_time_msr, 0);
    return time;
}

}  // namespace

u32 kvm_tsc_khz() { return features.kvm_clock ? khz_of(take_snapshot()) : 0; }

std::optional<i64> kvm_wall_nanoseconds() {
    if (!features.kvm_clock) return std::nullopt;
    write_msr(wall_clock_msr, address_of(&wall_clock));
    return wall_nanoseconds(take_snapshot(), wall_clock.seconds, wall_clock.nanoseconds);
}

}  // namespace spore::arch
