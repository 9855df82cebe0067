#include "kernel/drivers/net/gve/attach.hpp"

#include <algorithm>

#include "arch/cpu.hpp"
#include "kernel/core/log.hpp"
#include "kernel/drivers/net/gve/device.hpp"
#include "kernel/drivers/net/nurse.hpp"

namespace spore::drivers::gve {

namespace {
constexpr u32 register_bar = 0, doorbell_bar = 2;
/// Of the second, what is used at most.
constexpr u64 most_doorbells = 1_MiB;
}  // namespace

Result<void> attach(const PciFunction& function) {
    u64 registers = function.memory_bar_size(register_bar), doorbells = std::min(function.memory_bar_size(doorbell_bar), most_doorbells);
    if (registers < 0x40 || doorbells < sizeof(u32)) return fail(Error::not_supported);
    auto hardware = TRY(open_hardware(function, register_bar, static_cast<u32>(std::min<u64>(registers, page_size))));
    auto words = TRY(open_hardware(function, doorbell_bar, static_cast<u32>(doorbells)));
    auto device = TRY(make_owned<Device>(std::move(hardware), std::move(words), static_cast<u32>(doorbells / sizeof(u32)), function.revision(), arch::relax));
    if (auto opened = device->open(); !opened) {
        if (opened.error() == Error::timed_out) core::warn("the gve on PCI does not answer");
        if (opened.error() == Error::not_supported) core::warn("the gve on PCI has no queues in the format DQO with raw addresses");
        return opened;
    }
    return Nurse::add(std::move(device));
}

}  // namespace spore::drivers::gve
