#include "timer.hpp"

#include "../../common/clock/clock.hpp"
#include "../instructions.hpp"
#include "arch/cpu.hpp"

namespace spore::arch {
namespace {
constinit u32 interrupt = 0;
constexpr u64 enabled = 1;
}  // namespace

u64 cycles() {
    instruction_barrier();  // else it may be read early [D11.2.2]
    return SPORE_READ_SYSTEM(cntvct_el0);
}

void start_timer(u32 virtual_timer_interrupt) {
    interrupt = virtual_timer_interrupt;
    set_rate(SPORE_READ_SYSTEM(cntfrq_el0));
}

u32 timer_interrupt() { return interrupt; }

void arm_timer(u64 deadline) {
    if (deadline == ~u64{0}) {
        SPORE_WRITE_SYSTEM(cntv_ctl_el0, 0);
    } else {
        SPORE_WRITE_SYSTEM(cntv_cval_el0, cycles_at(deadline));
        SPORE_WRITE_SYSTEM(cntv_ctl_el0, enabled);
    }
    instruction_barrier();
}

}  // namespace spore::arch
