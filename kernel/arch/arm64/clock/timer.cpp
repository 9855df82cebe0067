#include "timer.hpp"

#include <algorithm>

#include "../../common/clock/clock.hpp"
#include "../instructions.hpp"
#include "arch/cpu.hpp"
#include "kernel/core/panic.hpp"

namespace spore::arch {
namespace {

constinit u32 interrupt = 0;
constinit bool physical = false;
constexpr u64 enabled = 1;

/// The physical timer compares with a counter of its own offset, so it is told how long from now.
void arm_physical(u64 deadline) {
    constexpr u64 longest = 0x7fff'ffff;
    u64 now = cycles(), at = cycles_at(deadline);
    SPORE_WRITE_SYSTEM(cntp_tval_el0, at > now ? std::min(at - now, longest) : 0);  // too early is no harm: it is armed again
    SPORE_WRITE_SYSTEM(cntp_ctl_el0, enabled);
}

}  // namespace

u64 cycles() {
    instruction_barrier();  // else it may be read early [D11.2.2]
    return SPORE_READ_SYSTEM(cntvct_el0);
}

void start_timer(const TimerWiring& wiring) {
    physical = !wiring.virtual_interrupt;
    interrupt = physical ? wiring.physical_interrupt : wiring.virtual_interrupt;
    u64 hertz = SPORE_READ_SYSTEM(cntfrq_el0);
    if (!hertz) hertz = wiring.hertz;
    if (!hertz) core::panic("the counter's rate is unknown: firmware has to write it to CNTFRQ_EL0");
    set_rate(hertz);
}

u32 timer_interrupt() { return interrupt; }

void arm_timer(u64 deadline) {
    bool armed = deadline != ~u64{0};
    if (physical) {
        if (armed) arm_physical(deadline);
        else SPORE_WRITE_SYSTEM(cntp_ctl_el0, 0);
    } else if (armed) {
        SPORE_WRITE_SYSTEM(cntv_cval_el0, cycles_at(deadline));
        SPORE_WRITE_SYSTEM(cntv_ctl_el0, enabled);
    } else {
        SPORE_WRITE_SYSTEM(cntv_ctl_el0, 0);
    }
    instruction_barrier();
}

}  // namespace spore::arch
