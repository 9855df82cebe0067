#include "kernel/main/devices.hpp"

#include "arch/boot.hpp"
#include "arch/cpu.hpp"
#include "arch/firmware.hpp"
#include "arch/hyperv.hpp"
#include "arch/xen.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/drivers/bus/pci.hpp"
#include "kernel/drivers/console/serial_console.hpp"
#include "kernel/drivers/hyperv/start.hpp"
#include "kernel/drivers/power/start.hpp"
#include "kernel/drivers/virtio/device.hpp"
#include "kernel/drivers/virtio/mmio.hpp"
#include "kernel/drivers/virtio/mmio_list.hpp"
#include "kernel/drivers/xen/console.hpp"
#include "kernel/drivers/xen/start.hpp"
#include "kernel/main/channel.hpp"
#include "kernel/main/serial_console.hpp"
#include "kernel/main/stop.hpp"
#include "kernel/task/thread.hpp"

namespace spore::main {

namespace {

void try_mmio(PhysAddr address, u32 size, u32 line) {
    auto device = drivers::virtio::open_mmio(address, size, line);
    if (!device) return;  // most slots are empty
    if (!drivers::virtio::attach(std::move(*device))) core::warn("the virtio device at {} does not start", address);
}

constexpr bool below_xen = arch::can_run_on_xen && core::has(core::Part::xen), below_hyperv = arch::can_run_on_hyperv && core::has(core::Part::hyperv);

/// Firecracker names its devices in the tables and on the command line too.
bool in_tables(PhysAddr address) {
    arch::VirtioMmioSlot slot;
    for (u64 position = 0; arch::next_virtio_mmio(position, slot);)
        if (slot.address == address) return true;
    return false;
}

}  // namespace

void start_devices(std::string_view command_line) {
    arch::VirtioMmioSlot slot;
    for (u64 position = 0; arch::next_virtio_mmio(position, slot);) try_mmio(slot.address, slot.size, slot.line);
    drivers::virtio::for_each_listed(command_line, [](PhysAddr address, u32 size, u32 line) {
        if (!in_tables(address)) try_mmio(address, size, line);
    });
    if constexpr (core::has(core::Part::pci)) drivers::start_pci();
    if constexpr (below_xen)
        if (arch::xen::present()) drivers::xen::start();
    if constexpr (below_hyperv)
        if (arch::hyperv::present()) drivers::hyperv::start();
}

void start_disks() {
    if constexpr (core::has(core::Part::pci)) drivers::start_pci_disks();
}

device::Console& start_console(const wire::Manifest& manifest) {
    if (manifest.channel() == abi::ChannelKind::framed) {
        if (auto* stream = device::channel_stream()) {
            auto& console = start_channel(*stream, manifest);
            report_on_channel();
            return console;
        }
        core::warn("no virtio-console for the control channel: using the serial port");
    }
    if constexpr (below_xen)
        if (arch::xen::present())
            if (auto* console = drivers::xen::open_console()) return *console;
    if constexpr (core::has(core::Part::serial))
        if (auto* console = drivers::open_serial_console()) return *console;
    return serial_console();
}

void listen_for_stop() {
    if (reports_on_channel()) return;
    task::yield();  // nobody asks so early that the program has to wait for this
    if constexpr (below_xen)
        if (arch::xen::present()) return drivers::xen::listen_for_stop();
    if constexpr (core::has(core::Part::power_button)) drivers::power::start();
}

u32 wanted_cpus(std::string_view command_line) {
    constexpr std::string_view key = "cpus=";
    auto at = command_line.find(key);
    if (at == command_line.npos) return arch::max_cpus;
    u32 count = 0;
    for (char c : command_line.substr(at + key.size())) {
        if (c < '0' || c > '9' || count > arch::max_cpus) break;
        count = count * 10 + static_cast<u32>(c - '0');
    }
    return count ? count : 1;
}

}  // namespace spore::main
