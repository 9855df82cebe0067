// A controller: reset, and its ports looked at.
#pragma once

#include "kernel/drivers/block/ahci/port.hpp"

namespace spore::drivers::ahci {

class Controller {
public:
    explicit Controller(Owned<Hardware> hardware) : hardware_(std::move(hardware)) {}
    ~Controller();

    /// Adds a disk for each port that has one. How many; io when the controller does not answer.
    Result<u32> open();

private:
    using Register = wire::ahci::Register;
    u32 read(Register r) { return hardware_->read(static_cast<u32>(r)); }
    void write(Register r, u32 value) { hardware_->write(static_cast<u32>(r), value); }
    Result<void> reset();
    static void on_interrupt(void* self);

    Owned<Hardware> hardware_;
    Port* ports_[wire::ahci::most_ports] = {};
};

}  // namespace spore::drivers::ahci
