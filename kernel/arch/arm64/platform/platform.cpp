// Sets up what the machine is made of: interrupt controller, timer, power, the clock of the day; notes the processors.
#include "../clock/timer.hpp"
#include "../cpu/local.hpp"
#include "../gic/gic.hpp"
#include "../mmu/code_pages.hpp"
#include "arch/boot.hpp"
#include "arch/mmu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/panic.hpp"
#include "machine.hpp"
#include "psci.hpp"
#include "wall_clock.hpp"

namespace spore::arch {
namespace {

void start_interrupts(const Machine& machine) {
    auto started = machine.gic_version == 3 ? start_gic_v3(machine.distributor, {machine.redistributors, machine.redistributor_count})
                                            : start_gic_v2(machine.distributor, machine.cpu_interface);
    if (!machine.gic_version || !started || !enable_cpu_interrupts(local(), timer_interrupt()))
        core::panic("no interrupt controller that the kernel knows: it needs a GICv2 or GICv3");
}

}  // namespace

void start_platform(const BootInfo& info) {
    auto& machine = found_machine();
    remember_code_of(info.bundle);
    start_timer(machine.timer);
    start_interrupts(machine);
    if (machine.wall_clock.value)
        if (auto registers = map_device(machine.wall_clock, page_size)) use_wall_clock(*registers);
    use_firmware_time(machine.wall_seconds, machine.wall_counter);
    for_each_processor(found_processor);
    core::debug("platform: {}, GICv{}, {} timer on {}", info.protocol, machine.gic_version,
                machine.timer.virtual_interrupt ? "virtual" : "physical", timer_interrupt());
}

}  // namespace spore::arch
