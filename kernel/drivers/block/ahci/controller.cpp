#include "kernel/drivers/block/ahci/controller.hpp"

#include "kernel/core/log.hpp"
#include "kernel/time/timer.hpp"

namespace spore::drivers::ahci {

using namespace wire::ahci;

namespace {
constexpr Duration until_reset = Duration::seconds(1), until_detected = Duration::ms(10);  // [10.4.3, 10.1.2]
}

Controller::~Controller() {
    for (auto* port : ports_) delete port;
    hardware_->cut_off();
}

Result<void> Controller::reset() {
    write(Register::control, control_ahci);
    write(Register::control, control_ahci | control_reset);
    for (auto deadline = time::now() + until_reset; read(Register::control) & control_reset; arch::relax())
        if (time::now() >= deadline) return fail(Error::io);
    write(Register::control, control_ahci);
    return {};
}

Result<u32> Controller::open() {
    u32 present = read(Register::ports), capabilities = read(Register::capabilities);
    if (!(capabilities & capable_of_wide_addresses)) return fail(Error::not_supported);
    TRY(reset());
    auto link_deadline = time::now() + until_detected;
    u32 added = 0;
    for (u32 number = 0; number < most_ports; ++number) {
        if (!(present & u32{1} << number)) continue;
        auto port = make_owned<Port>(*hardware_, number);
        if (!port) break;
        auto opened = (*port)->open(capabilities, link_deadline);
        if (!opened && opened.error() != Error::no_device) core::warn("the disk at SATA port {} cannot be used", number);
        if (!opened) continue;
        ports_[number] = port->release();
        ++added;
    }
    if (!added) return 0;
    TRY(hardware_->connect_shared(on_interrupt, this));
    write(Register::control, control_ahci | control_interrupts);
    for (auto* port : ports_)
        if (port) device::add_disk(*port);
    return added;
}

/// The ports' own causes go first: the controller's is what they add up to [10.7.2].
void Controller::on_interrupt(void* self) {
    auto& controller = *static_cast<Controller*>(self);
    u32 causes = controller.read(Register::interrupts);
    for (u32 number = 0; number < most_ports; ++number)
        if (causes & u32{1} << number && controller.ports_[number]) controller.ports_[number]->interrupted();
    if (causes) controller.write(Register::interrupts, causes);
}

}  // namespace spore::drivers::ahci
