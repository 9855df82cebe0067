#include "kernel/drivers/net/ena/attach.hpp"

#include <algorithm>

#include "arch/cpu.hpp"
#include "arch/combined_memory.hpp"
#include "kernel/core/log.hpp"
#include "kernel/drivers/net/ena/device.hpp"
#include "kernel/drivers/net/nurse.hpp"

namespace spore::drivers::ena {

namespace {

constexpr u32 register_bar = 0, memory_bar = 2;
/// Of the BARs, what is used of them at most.
constexpr u32 most_registers = 64_KiB, most_memory = 16_MiB;

Result<Memory> map_memory(const PciFunction& function) {
    auto base = function.memory_bar(memory_bar);
    auto size = static_cast<u32>(std::min<u64>(function.memory_bar_size(memory_bar), most_memory));
    if (!base || !size) return Memory{};
    return Memory{static_cast<volatile u64*>(TRY(arch::map_combined(*base, size))), size};
}

}  // namespace

Result<void> attach(const PciFunction& function) {
    auto registers = static_cast<u32>(std::min<u64>(function.memory_bar_size(register_bar), most_registers));
    if (registers < page_size) return fail(Error::not_supported);
    auto hardware = TRY(open_hardware(function, register_bar, registers));
    bool plain = function.revision() & wire::ena::reads_registers;
    auto device = TRY(make_owned<Device>(std::move(hardware), registers, TRY(map_memory(function)), plain, arch::relax));
    if (auto opened = device->open(); !opened) {
        if (opened.error() == Error::timed_out) core::warn("the ena on PCI does not answer");
        return opened;
    }
    return Nurse::add(std::move(device));
}

}  // namespace spore::drivers::ena
