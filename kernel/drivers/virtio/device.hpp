// A virtio device as its driver sees it, whatever bus it is on.
#pragma once

#include "arch/interrupts.hpp"
#include "base/owned.hpp"
#include "wire/virtio.hpp"

namespace spore::drivers::virtio {

class Device {
public:
    virtual ~Device() = default;

    virtual wire::virtio::DeviceId id() const = 0;
    /// Speaks as before virtio 1.0: rings aligned to pages, no FEATURES_OK.
    virtual bool legacy() const { return false; }
    /// Queues have the size that queue_limit() says, and no other.
    virtual bool fixed_queue_sizes() const { return false; }
    virtual u64 offered_features() = 0;
    virtual void accept_features(u64 features) = 0;
    virtual u8 status() = 0;
    virtual void set_status(u8 status) = 0;
    /// How long queue `index` may be; 0 when there is none.
    virtual u16 queue_limit(u16 index) = 0;
    /// Tells the device where a queue's rings lie, and enables it.
    virtual void install_queue(u16 index, u16 size, PhysAddr descriptors, PhysAddr available, PhysAddr used) = 0;
    virtual void notify(u16 queue) = 0;
    /// `handler` runs in interrupt context whenever a queue has news or the configuration changed.
    virtual Result<void> connect_interrupt(arch::InterruptHandler handler, void* context) = 0;
    /// Instead, on buses that have such: interrupts of these queues alone, on `cpu`. not_supported.
    virtual Result<void> connect_queues(std::span<const u16> queues, u32 cpu, arch::InterruptHandler handler, void* context) {
        return fail(Error::not_supported);
    }
    /// `handler` runs in interrupt context when the configuration changed, besides the one above when that is connected.
    virtual Result<void> connect_config_interrupt(arch::InterruptHandler handler, void* context) = 0;
    /// One byte of the device's configuration.
    virtual u8 config_byte(u32 offset) = 0;

    /// The configuration at `offset`, as T.
    template <typename T>
    T config(u32 offset) {
        T value;
        auto* bytes = reinterpret_cast<u8*>(&value);
        for (u32 i = 0; i < sizeof(T); ++i) bytes[i] = config_byte(offset + i);
        return value;
    }

    /// Afterwards the device neither reads nor writes what it was given.
    void reset();
    /// The steps of 3.1.1 up to FEATURES_OK. `wanted` is cut to what is offered, which is returned; not_supported for devices
    /// that are neither legacy nor of virtio 1.0, io when the device refuses. Packed rings are the queues' own affair: they are wanted always.
    Result<u64> negotiate(u64 wanted);
    bool has_packed_rings() const { return packed_rings_; }
    /// DRIVER_OK: the queues are in place.
    void go() { set_status(static_cast<u8>(status() | wire::virtio::driver_ok)); }

private:
    bool packed_rings_ = false;
};

/// Looks at a found device and takes it when it is the driver's kind. Called by the bus code for each device.
Result<void> attach(Owned<Device> device);

}  // namespace spore::drivers::virtio
