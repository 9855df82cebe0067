#include "kernel/drivers/bus/msix.hpp"

#include "arch/device_register.hpp"
#include "arch/mmu.hpp"

namespace spore::drivers {

namespace {
constexpr u8 msi_capability = 0x05, msix_capability = 0x11;
constexpr u32 msix_enable = 0x8000'0000, msix_mask_all = 0x4000'0000;
constexpr u32 msi_enable = 1 << 16, msi_multiple = 7 << 20, msi_64_bit = 1 << 23;  // in the word that begins with the capability's id
}  // namespace

struct MsixTable::Entry {
    arch::DeviceRegister<u32> address_low, address_high, data, control;
};

Result<void> MsixTable::open(const PciFunction& function) {
    if (entries_) return {};
    u8 at = function.find_capability(msix_capability);
    if (!at) return fail(Error::not_supported);
    u32 table = function.read(static_cast<u16>(at + 4));
    auto base = function.memory_bar(table & 7);
    if (!base) return fail(Error::not_supported);
    u32 control = function.read(at);
    size_ = static_cast<u16>((control >> 16 & 0x7ff) + 1);
    entries_ = static_cast<Entry*>(TRY(arch::map_device(*base + (table & ~7u), size_ * sizeof(Entry))));
    capability_ = at;
    function.write(at, (control | msix_enable) & ~msix_mask_all);  // each entry masks itself until it is set
    return {};
}

Result<u16> MsixTable::add(const PciFunction& function, u32 cpu, arch::InterruptHandler handler, void* context) {
    TRY(open(function));
    if (used_ == size_) return fail(Error::busy);
    auto message = TRY(arch::connect_message(function.address(), cpu, handler, context));
    auto& entry = entries_[used_];
    entry.address_low = static_cast<u32>(message.address);
    entry.address_high = static_cast<u32>(message.address >> 32);
    entry.data = message.data;
    entry.control = 0;
    return used_++;
}

Result<void> connect_msi(const PciFunction& function, arch::InterruptHandler handler, void* context) {
    u8 at = function.find_capability(msi_capability);
    if (!at) return fail(Error::not_supported);
    auto message = TRY(arch::connect_message(function.address(), 0, handler, context));
    u32 control = function.read(at);
    bool wide = control & msi_64_bit;
    function.write(static_cast<u16>(at + 4), static_cast<u32>(message.address));
    if (wide) function.write(static_cast<u16>(at + 8), static_cast<u32>(message.address >> 32));
    u16 data = static_cast<u16>(at + (wide ? 12 : 8));
    function.write(data, (function.read(data) & 0xffff'0000) | message.data);
    function.write(at, (control & ~msi_multiple) | msi_enable);
    return {};
}

}  // namespace spore::drivers
