#include "kernel/drivers/bus/hardware.hpp"

#include "arch/device_register.hpp"
#include "arch/mmu.hpp"
#include "kernel/drivers/bus/msix.hpp"

namespace spore::drivers {

namespace {

class PciHardware final : public Hardware {
public:
    PciHardware(const PciFunction& function, arch::DeviceRegister<u32>* registers) : function_(function), registers_(registers) {}

    u32 read(u32 offset) override { return registers_[offset / 4]; }
    void write(u32 offset, u32 value) override { registers_[offset / 4] = value; }
    void write8(u32 offset, u8 value) override { reinterpret_cast<arch::DeviceRegister<u8>*>(registers_)[offset] = value; }
    void write16(u32 offset, u16 value) override { reinterpret_cast<arch::DeviceRegister<u16>*>(registers_)[offset / 2] = value; }
    Result<u16> connect_message(u32 cpu, arch::InterruptHandler handler, void* context) override {
        return messages_.add(function_, cpu, handler, context);
    }
    Result<void> connect_shared(arch::InterruptHandler handler, void* context) override {
        if (connect_msi(function_, handler, context)) return {};
        return arch::connect_line(function_.line(), arch::Trigger::level_low, handler, context);
    }
    void cut_off() override { function_.disable(); }

private:
    PciFunction function_;
    arch::DeviceRegister<u32>* registers_;
    MsixTable messages_;
};

}  // namespace

Result<Owned<Hardware>> open_hardware(const PciFunction& function, u32 bar, u32 size) {
    auto base = function.memory_bar(bar);
    if (!base) return fail(Error::not_supported);
    function.enable();
    auto* registers = static_cast<arch::DeviceRegister<u32>*>(TRY(arch::map_device(*base, size)));
    return TRY(make_owned<PciHardware>(function, registers));
}

}  // namespace spore::drivers
