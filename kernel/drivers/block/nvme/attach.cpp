#include "kernel/drivers/block/nvme/attach.hpp"

#include "kernel/drivers/block/nvme/controller.hpp"

namespace spore::drivers::nvme {

namespace {
constexpr u32 register_bar = 0;
}

Result<void> attach(const PciFunction& function) {
    auto& controller = *TRY(make_owned<Controller>(TRY(open_hardware(function, register_bar, wire::nvme::register_space)))).release();
    TRY(controller.open());
    TRY(controller.add_disks());
    return {};
}

}  // namespace spore::drivers::nvme
