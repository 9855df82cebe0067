// Registers of devices, in memory that map_device() gives.
#pragma once

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

}  // namespace spore::arch
