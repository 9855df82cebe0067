#include "kernel/drivers/virtio/pci.hpp"

#include "arch/device_register.hpp"
#include "arch/mmu.hpp"
#include "kernel/drivers/bus/msix.hpp"

namespace spore::drivers::virtio {

using namespace wire::virtio;

namespace {

constexpr u8 vendor_capability = 0x09;
enum class Structure : u8 { common = 1, notify = 2, interrupt = 3, device = 4 };
constexpr u16 no_vector = 0xffff;
constexpr u32 structure_limit = 1_MiB;

/// The common configuration [4.1.4.3].
struct Common {
    arch::DeviceRegister<u32> device_feature_select, device_feature, driver_feature_select, driver_feature;
    arch::DeviceRegister<u16> config_vector, queue_count;
    arch::DeviceRegister<u8> status, generation;
    arch::DeviceRegister<u16> queue_select, queue_size, queue_vector, queue_enable, queue_notify_offset;
    arch::DeviceRegister<u32> descriptors_low, descriptors_high, available_low, available_high, used_low, used_high;
};
static_assert(sizeof(Common) == 56);

class PciDevice final : public Device {
public:
    explicit PciDevice(const PciFunction& function) : function_(function) {}

    Result<void> open() {
        function_.enable();
        for (u8 at = function_.find_capability(vendor_capability); at; at = function_.find_capability(vendor_capability, at))
            TRY(take_structure(at));
        if (!common_ || !notify_) return fail(Error::not_supported);
        return {};
    }

    DeviceId id() const override {
        // Transitional devices keep their old number; their kind is in the subsystem id [4.1.2.1].
        u16 product = function_.product();
        return static_cast<DeviceId>(product >= 0x1040 ? product - 0x1040 : function_.read(0x2c) >> 16);
    }
    u64 offered_features() override {
        common_->device_feature_select = 1;
        u64 high = common_->device_feature;
        common_->device_feature_select = 0;
        return high << 32 | common_->device_feature;
    }
    void accept_features(u64 features) override {
        common_->driver_feature_select = 1;
        common_->driver_feature = static_cast<u32>(features >> 32);
        common_->driver_feature_select = 0;
        common_->driver_feature = static_cast<u32>(features);
    }
    u8 status() override { return common_->status; }
    void set_status(u8 status) override { common_->status = status; }
    u16 queue_limit(u16 index) override {
        if (index >= common_->queue_count) return 0;
        common_->queue_select = index;
        return common_->queue_size;
    }
    void install_queue(u16 index, u16 size, PhysAddr descriptors, PhysAddr available, PhysAddr used) override {
        common_->queue_select = index;
        common_->queue_size = size;
        common_->queue_vector = no_vector;
        common_->descriptors_low = static_cast<u32>(descriptors.value);
        common_->descriptors_high = static_cast<u32>(descriptors.value >> 32);
        common_->available_low = static_cast<u32>(available.value);
        common_->available_high = static_cast<u32>(available.value >> 32);
        common_->used_low = static_cast<u32>(used.value);
        common_->used_high = static_cast<u32>(used.value >> 32);
        if (index < max_queues) notify_offset_[index] = common_->queue_notify_offset;
        common_->queue_enable = 1;
        if (index >= queues_) queues_ = static_cast<u16>(index + 1);
    }
    void notify(u16 queue) override {
        u64 offset = u64{queue < max_queues ? notify_offset_[queue] : look_up_notify_offset(queue)} * notify_multiplier_;
        if (offset + 2 <= notify_size_) *reinterpret_cast<arch::DeviceRegister<u16>*>(notify_ + offset) = queue;
    }
    /// MSI-X where there is one, with the same vector for all queues; the line otherwise.
    Result<void> connect_interrupt(arch::InterruptHandler handler, void* context) override {
        handler_ = handler;
        context_ = context;
        if (auto vector = messages_.add(function_, 0, handler, context)) {
            common_->config_vector = *vector;
            for (u16 queue = 0; queue < queues_; ++queue) TRY(set_vector(queue, *vector));
            return {};
        }
        if (!interrupt_status_) return fail(Error::not_supported);
        return arch::connect_line(function_.line(), arch::Trigger::level_low, on_line, this);
    }
    Result<void> connect_queues(std::span<const u16> queues, u32 cpu, arch::InterruptHandler handler, void* context) override {
        u16 vector = TRY(messages_.add(function_, cpu, handler, context));
        for (u16 queue : queues) TRY(set_vector(queue, vector));
        return {};
    }
    Result<void> connect_config_interrupt(arch::InterruptHandler handler, void* context) override {
        if (auto vector = messages_.add(function_, 0, handler, context)) {
            common_->config_vector = *vector;
            return {};
        }
        config_handler_ = handler;
        config_context_ = context;
        return {};
    }
    u8 config_byte(u32 offset) override { return offset < config_size_ ? config_[offset] : u8{0}; }

private:
    static constexpr u16 max_queues = 64;

    /// A vendor capability tells where in which BAR a structure lies [4.1.4].
    Result<void> take_structure(u8 at) {
        auto kind = static_cast<Structure>(function_.read_byte(static_cast<u16>(at + 3)));
        if (kind < Structure::common || kind > Structure::device) return {};
        u32 bar = function_.read_byte(static_cast<u16>(at + 4));
        u32 offset = function_.read(static_cast<u16>(at + 8)), size = function_.read(static_cast<u16>(at + 12));
        auto base = function_.memory_bar(bar);
        if (!base || size > structure_limit || size == 0 || offset > ~u64{0} - base->value) return {};
        // Of several of one kind the first is what the device prefers [4.1.4.1].
        if ((kind == Structure::common && common_) || (kind == Structure::notify && notify_) || (kind == Structure::interrupt && interrupt_status_) ||
            (kind == Structure::device && config_))
            return {};
        auto* mapped = static_cast<arch::DeviceRegister<u8>*>(TRY(arch::map_device(*base + offset, size)));
        switch (kind) {
        case Structure::common:
            if (size >= sizeof(Common)) common_ = reinterpret_cast<Common*>(mapped);
            break;
        case Structure::notify:
            notify_ = mapped;
            notify_size_ = size;
            notify_multiplier_ = function_.read(static_cast<u16>(at + 16));
            break;
        case Structure::interrupt: interrupt_status_ = mapped; break;
        case Structure::device:
            config_ = mapped;
            config_size_ = size;
            break;
        }
        return {};
    }

    /// Of queues beyond those that are remembered: the control queue of a device with many pairs.
    u16 look_up_notify_offset(u16 queue) {
        common_->queue_select = queue;
        return common_->queue_notify_offset;
    }

    Result<void> set_vector(u16 queue, u16 vector) {
        common_->queue_select = queue;
        common_->queue_vector = vector;
        if (common_->queue_vector != vector) return fail(Error::io);  // the device has no room for it [4.1.5.1.2.2]
        return {};
    }
    static void on_line(void* self) {
        auto& device = *static_cast<PciDevice*>(self);
        u32 status = *device.interrupt_status_;  // reading acknowledges
        if (status & interrupt_config && device.config_handler_) device.config_handler_(device.config_context_);
        if (status) device.handler_(device.context_);
    }

    PciFunction function_;
    MsixTable messages_;
    Common* common_ = nullptr;
    arch::DeviceRegister<u8>* notify_ = nullptr;
    arch::DeviceRegister<u8>* interrupt_status_ = nullptr;
    arch::DeviceRegister<u8>* config_ = nullptr;
    u32 notify_size_ = 0, notify_multiplier_ = 0, config_size_ = 0;
    u16 queues_ = 0;
    u16 notify_offset_[max_queues] = {};
    arch::InterruptHandler handler_ = nullptr, config_handler_ = nullptr;
    void *context_ = nullptr, *config_context_ = nullptr;
};

}  // namespace

Result<Owned<Device>> open_pci(const PciFunction& function) {
    auto device = TRY(make_owned<PciDevice>(function));
    auto opened = device->open();
    if (opened) return Owned<Device>(std::move(device));
    if (opened.error() != Error::not_supported) return fail(opened.error());
    return open_legacy_pci(function);
}

}  // namespace spore::drivers::virtio
