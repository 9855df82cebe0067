// The distributor's registers, those that both versions share.
#pragma once

#include "arch/device_register.hpp"
#include "arch/interrupts.hpp"
#include "base/types.hpp"

namespace spore::arch {

/// Registers of interrupts by their INTID: one bit, two bits or a byte each. A redistributor has the same for the first 32.
class InterruptRegisters {
public:
    constexpr InterruptRegisters() = default;
    explicit InterruptRegisters(void* base) : base_(static_cast<std::byte*>(base)) {}

    bool is_open() const { return base_; }
    u32 read(u32 offset) const { return *reinterpret_cast<DeviceRegister<u32>*>(base_ + offset); }
    void write(u32 offset, u32 value) const { *reinterpret_cast<DeviceRegister<u32>*>(base_ + offset) = value; }
    void write_byte(u32 offset, u8 value) const { *reinterpret_cast<DeviceRegister<u8>*>(base_ + offset) = value; }
    u64 read_wide(u32 offset) const { return *reinterpret_cast<DeviceRegister<u64>*>(base_ + offset); }
    void write_wide(u32 offset, u64 value) const { *reinterpret_cast<DeviceRegister<u64>*>(base_ + offset) = value; }

    enum Register : u32 {
        control = 0x000, type = 0x004, group = 0x080, set_enable = 0x100, clear_enable = 0x180, priority = 0x400, target = 0x800,
        configuration = 0xc00, generate = 0xf00, route = 0x6000,
    };
    /// Lines that the distributor has, the first 32 included.
    u32 lines() const { return 32 * ((read(type) & 31) + 1); }
    void enable(u32 id) const { write(set_enable + id / 32 * 4, u32{1} << id % 32); }
    void set_trigger(u32 id, Trigger trigger) const {
        u32 at = configuration + id / 16 * 4, bit = u32{2} << id % 16 * 2;
        u32 old = read(at);
        write(at, trigger == Trigger::edge ? old | bit : old & ~bit);
    }

private:
    std::byte* base_ = nullptr;
};

inline constexpr u8 normal_priority = 0xa0;

}  // namespace spore::arch
