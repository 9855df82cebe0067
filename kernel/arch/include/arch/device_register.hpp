// Registers of devices, in memory that map_device() gives.
#pragma once

#include <cstddef>

#include "base/types.hpp"
#include "machine_device.hpp"  // load_device(), store_device(): each machine's

namespace spore::arch {

/// As wide as T, of 8 to 64 bits. Each access is one instruction, of those that a hypervisor can carry out in the device's place.
template <typename T>
class DeviceRegister {
public:
    DeviceRegister(const DeviceRegister&) = delete;
    void operator=(const DeviceRegister&) = delete;

    operator T() const { return load_device(&value_); }
    void operator=(T value) { store_device(&value_, value); }

private:
    T value_;
};

/// A device's registers of 32 bits, by their offsets from where they are mapped.
struct DeviceRegisters {
    std::byte* base = nullptr;
    u32 read(u32 offset) const { return *reinterpret_cast<DeviceRegister<u32>*>(base + offset); }
    void write(u32 offset, u32 value) const { *reinterpret_cast<DeviceRegister<u32>*>(base + offset) = value; }
};

}  // namespace spore::arch
