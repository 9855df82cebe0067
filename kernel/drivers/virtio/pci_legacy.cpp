// Devices before virtio 1.0 on PCI: old QEMU, and `disable-modern=on`. Registers are in I/O space, interrupts come by the line: with MSI-X
// the device's configuration would move.
#include "arch/pci.hpp"
#include "kernel/drivers/virtio/pci.hpp"

namespace spore::drivers::virtio {

using namespace wire::virtio;

namespace {

constexpr u32 register_bar = 0;

class LegacyPciDevice final : public Device {
public:
    LegacyPciDevice(const PciFunction& function, u32 base) : function_(function), base_(base) {}

    DeviceId id() const override { return static_cast<DeviceId>(function_.read(0x2c) >> 16); }  // the subsystem's [4.1.2.1]
    bool legacy() const override { return true; }
    bool fixed_queue_sizes() const override { return true; }
    u64 offered_features() override { return read(LegacyPci::device_features, 4); }
    void accept_features(u64 features) override { write(LegacyPci::driver_features, 4, static_cast<u32>(features)); }
    u8 status() override { return static_cast<u8>(read(LegacyPci::status, 1)); }
    void set_status(u8 status) override { write(LegacyPci::status, 1, status); }
    u16 queue_limit(u16 index) override {
        write(LegacyPci::queue_select, 2, index);
        return static_cast<u16>(read(LegacyPci::queue_size, 2));
    }
    void install_queue(u16 index, u16, PhysAddr descriptors, PhysAddr, PhysAddr) override {
        write(LegacyPci::queue_select, 2, index);
        write(LegacyPci::queue_page, 4, static_cast<u32>(descriptors.value >> page_shift));
    }
    void notify(u16 queue) override { write(LegacyPci::queue_notify, 2, queue); }
    Result<void> connect_interrupt(arch::InterruptHandler handler, void* context) override {
        handler_ = handler;
        context_ = context;
        return arch::connect_line(function_.line(), arch::Trigger::level_low, on_line, this);
    }
    Result<void> connect_config_interrupt(arch::InterruptHandler handler, void* context) override {
        config_handler_ = handler;
        config_context_ = context;
        return {};
    }
    u8 config_byte(u32 offset) override { return static_cast<u8>(arch::read_io(base_ + static_cast<u16>(LegacyPci::config) + offset, 1)); }

private:
    u32 read(LegacyPci r, u32 size) const { return arch::read_io(base_ + static_cast<u16>(r), size); }
    void write(LegacyPci r, u32 size, u32 value) { arch::write_io(base_ + static_cast<u16>(r), size, value); }

    static void on_line(void* self) {
        auto& device = *static_cast<LegacyPciDevice*>(self);
        u32 status = device.read(LegacyPci::interrupt_status, 1);  // reading acknowledges
        if (status & interrupt_config && device.config_handler_) device.config_handler_(device.config_context_);
        if (status) device.handler_(device.context_);
    }

    PciFunction function_;
    u32 base_;
    arch::InterruptHandler handler_ = nullptr, config_handler_ = nullptr;
    void *context_ = nullptr, *config_context_ = nullptr;
};

}  // namespace

Result<Owned<Device>> open_legacy_pci(const PciFunction& function) {
    auto base = function.io_bar(register_bar);
    if (!base) return fail(Error::not_supported);
    function.enable();
    return Owned<Device>(TRY(make_owned<LegacyPciDevice>(function, *base)));
}

}  // namespace spore::drivers::virtio
