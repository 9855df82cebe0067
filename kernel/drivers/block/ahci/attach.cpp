#include "kernel/drivers/block/ahci/attach.hpp"

#include "kernel/drivers/block/ahci/controller.hpp"

namespace spore::drivers::ahci {

namespace {
constexpr u32 register_bar = 5;
}

Result<void> attach(const PciFunction& function) {
    auto controller = TRY(make_owned<Controller>(TRY(open_hardware(function, register_bar, wire::ahci::register_space))));
    if (TRY(controller->open())) (void)controller.release();  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers::ahci
