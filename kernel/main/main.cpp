// The story of boot, from the machine's own state to the program's first instruction.
#include "arch/boot.hpp"
#include "arch/cpu.hpp"
#include "arch/mmu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/core/random.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/device/poller.hpp"
#include "kernel/main/bundle.hpp"
#include "kernel/main/channel.hpp"
#include "kernel/main/devices.hpp"
#include "kernel/main/network.hpp"
#include "kernel/main/program.hpp"
#include "kernel/main/root.hpp"
#include "kernel/main/trace.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/task/thread.hpp"
#include "kernel/time/timer.hpp"

namespace spore::arch {

void start_kernel(const BootInfo& info) {
    for (auto range : info.memory()) memory::add_memory(range.start, range.end, info.lowest, info.highest);

    auto bundle = main::open_bundle(info);
    core::set_log_level(bundle.manifest.log_level());
    arch::choose_mode(bundle.manifest.mode());

    if (!info.seed.empty()) core::add_entropy(info.seed);
    arch::start_platform(info);
    core::mark_boot("memory, bundle, platform");  // the first that the clock can date
    time::set_wall_nanoseconds(arch::read_wall_clock());
    constexpr bool has_trace = core::has(core::Part::trace);
    if constexpr (has_trace) main::start_trace(bundle.manifest);
    task::adopt_boot_thread();
    device::start_poller();
    main::start_devices(info.command_line);
    auto& console = main::start_console(bundle.manifest);
    core::mark_boot("devices, console");
    arch::start_cpus(main::wanted_cpus(info.command_line));
    if constexpr (has_trace) main::trace_other_cpus();
    core::mark_boot("processors");
    if (main::wants_disks(bundle.manifest)) main::start_disks();
    constexpr bool has_network = core::has(core::Part::network);
    if constexpr (has_network) main::start_network(bundle.manifest);
    core::mark_boot("network");

    auto root = main::mount_root(bundle);
    core::mark_boot("root");
    if constexpr (has_network) main::wait_for_network();
    core::mark_boot("addresses");
    main::start_program(bundle.manifest, root, console);
    core::mark_boot("program loaded");
    core::log_boot_timeline();
    main::listen_for_stop();
    task::end();  // the program's threads go on
}

}  // namespace spore::arch
