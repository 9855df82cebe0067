#include "kernel/drivers/net/e1000/attach.hpp"

#include "arch/device_register.hpp"
#include "arch/mmu.hpp"
#include "kernel/drivers/bus/msix.hpp"
#include "kernel/drivers/net/e1000/device.hpp"

namespace spore::drivers::e1000 {

namespace {

constexpr u32 register_bar = 0;

class PciHardware final : public Hardware {
public:
    PciHardware(const PciFunction& function, arch::DeviceRegister<u32>* registers, bool has_messages)
        : function_(function), registers_(registers), has_messages_(has_messages) {}

    u32 read(Register r, u32 index) override { return registers_[static_cast<u32>(r) / 4 + index]; }
    void write(Register r, u32 value, u32 index) override { registers_[static_cast<u32>(r) / 4 + index] = value; }

    Result<Signals> connect(const Handlers& handlers) override {
        if (has_messages_) {
            auto queues = messages_.add(function_, 0, handlers.queues, handlers.context);
            if (queues && messages_.add(function_, 0, handlers.other, handlers.context)) return Signals::messages;
            if (queues) return fail(Error::busy);  // it is in a state that knows no other interrupts
        }
        if (connect_msi(function_, handlers.shared, handlers.context)) return Signals::shared;
        TRY(arch::connect_line(function_.line(), arch::Trigger::level_low, handlers.shared, handlers.context));
        return Signals::shared;
    }

private:
    PciFunction function_;
    arch::DeviceRegister<u32>* registers_;
    bool has_messages_;
    MsixTable messages_;
};

}  // namespace

Result<void> attach(const PciFunction& function, const Model& model) {
    auto base = function.memory_bar(register_bar);
    if (!base) return fail(Error::not_supported);
    function.enable();
    auto* registers = static_cast<arch::DeviceRegister<u32>*>(TRY(arch::map_device(*base, wire::e1000::register_space)));
    Owned<Hardware> hardware = TRY(make_owned<PciHardware>(function, registers, model.has_messages));
    auto device = TRY(make_owned<Device>(std::move(hardware), model));
    TRY(device->open());
    device::add_net_device(*device.release());  // lives as long as the machine
    return {};
}

}  // namespace spore::drivers::e1000
