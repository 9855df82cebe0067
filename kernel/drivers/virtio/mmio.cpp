#include "kernel/drivers/virtio/mmio.hpp"

#include "arch/device_register.hpp"
#include "arch/mmu.hpp"

namespace spore::drivers::virtio {

using namespace wire::virtio;

namespace {

class MmioDevice final : public Device {
public:
    MmioDevice(std::byte* registers, u32 line) : registers_(registers), line_(line) { legacy_ = read(Mmio::version) == mmio_version_legacy; }

    bool legacy() const override { return legacy_; }
    DeviceId id() const override { return static_cast<DeviceId>(read(Mmio::device_id)); }
    u64 offered_features() override {
        write(Mmio::device_features_select, 1);
        u64 high = read(Mmio::device_features);
        write(Mmio::device_features_select, 0);
        return high << 32 | read(Mmio::device_features);
    }
    void accept_features(u64 features) override {
        write(Mmio::driver_features_select, 1);
        write(Mmio::driver_features, static_cast<u32>(features >> 32));
        write(Mmio::driver_features_select, 0);
        write(Mmio::driver_features, static_cast<u32>(features));
    }
    u8 status() override { return static_cast<u8>(read(Mmio::status)); }
    void set_status(u8 status) override { write(Mmio::status, status); }
    u16 queue_limit(u16 index) override {
        write(Mmio::queue_select, index);
        return static_cast<u16>(read(Mmio::queue_size_max));
    }
    void install_queue(u16 index, u16 size, PhysAddr descriptors, PhysAddr available, PhysAddr used) override {
        write(Mmio::queue_select, index);
        write(Mmio::queue_size, size);
        if (legacy_) {  // [4.2.4]
            write(Mmio::page_size, page_size);
            write(Mmio::queue_align, legacy_alignment);
            return write(Mmio::queue_page, static_cast<u32>(descriptors.value >> page_shift));
        }
        write_address(Mmio::queue_descriptors, descriptors);
        write_address(Mmio::queue_available, available);
        write_address(Mmio::queue_used, used);
        write(Mmio::queue_ready, 1);
    }
    void notify(u16 queue) override { write(Mmio::queue_notify, queue); }
    Result<void> connect_interrupt(arch::InterruptHandler handler, void* context) override {
        handler_ = handler;
        context_ = context;
        return arch::connect_line(line_, arch::Trigger::level_high, on_interrupt, this);
    }
    Result<void> connect_config_interrupt(arch::InterruptHandler handler, void* context) override {
        config_handler_ = handler;
        config_context_ = context;
        return {};
    }
    u8 config_byte(u32 offset) override { return *reinterpret_cast<arch::DeviceRegister<u8>*>(registers_ + static_cast<u32>(Mmio::config) + offset); }

private:
    u32 read(Mmio r) const { return *reinterpret_cast<arch::DeviceRegister<u32>*>(registers_ + static_cast<u32>(r)); }
    void write(Mmio r, u32 value) { *reinterpret_cast<arch::DeviceRegister<u32>*>(registers_ + static_cast<u32>(r)) = value; }
    void write_address(Mmio r, PhysAddr address) {
        write(r, static_cast<u32>(address.value));
        write(static_cast<Mmio>(static_cast<u32>(r) + 4), static_cast<u32>(address.value >> 32));
    }
    static void on_interrupt(void* self) {
        auto& device = *static_cast<MmioDevice*>(self);
        u32 status = device.read(Mmio::interrupt_status);
        if (!status) return;  // the line is shared
        device.write(Mmio::interrupt_acknowledge, status);
        if (status & interrupt_config && device.config_handler_) device.config_handler_(device.config_context_);
        device.handler_(device.context_);
    }

    std::byte* registers_;
    u32 line_;
    bool legacy_;
    arch::InterruptHandler handler_ = nullptr, config_handler_ = nullptr;
    void *context_ = nullptr, *config_context_ = nullptr;
};

}  // namespace

Result<Owned<Device>> open_mmio(PhysAddr address, u32 size, u32 line) {
    if (size < static_cast<u32>(Mmio::config)) return fail(Error::invalid);
    auto* registers = static_cast<std::byte*>(TRY(arch::map_device(address, size)));
    auto word = [&](Mmio r) -> u32 { return *reinterpret_cast<arch::DeviceRegister<u32>*>(registers + static_cast<u32>(r)); };
    if (word(Mmio::magic) != mmio_magic || word(Mmio::device_id) == 0) return fail(Error::not_found);
    u32 version = word(Mmio::version);
    if (version != mmio_version && version != mmio_version_legacy) return fail(Error::not_supported);
    return Owned<Device>(TRY(make_owned<MmioDevice>(registers, line)));
}

}  // namespace spore::drivers::virtio
