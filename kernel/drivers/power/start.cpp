#include "kernel/drivers/power/start.hpp"

#include "arch/device_register.hpp"
#include "arch/firmware.hpp"
#include "arch/mmu.hpp"
#include "arch/pci.hpp"
#include "kernel/core/log.hpp"
#include "kernel/device/stop_request.hpp"
#include "kernel/drivers/power/fixed_button.hpp"
#include "kernel/drivers/power/gpio_key.hpp"
#include "kernel/drivers/power/keyboard.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::drivers::power {
namespace {

using arch::Trigger;
using device::AfterEnd;

struct Ports {
    u32 read(u16 port, u32 size) const { return arch::read_io(port, size); }
    void write(u16 port, u32 size, u32 value) const { arch::write_io(port, size, value); }
};

/// Tells once of each event that came since it was read last.
class EventRegister {
public:
    constexpr EventRegister() = default;
    EventRegister(void* mapped, u8 width, u32 mask) : register_(mapped), width_(width), mask_(mask) {}
    bool pressed() const {
        u32 events = width_ == 1 ? u32{*static_cast<arch::DeviceRegister<u8>*>(register_)} : u32{*static_cast<arch::DeviceRegister<u32>*>(register_)};
        return events & mask_;
    }

private:
    void* register_ = nullptr;
    u8 width_ = 0;
    u32 mask_ = 0;
};

constinit FixedButton<Ports> fixed_button;
constinit EventRegister event_register;
constinit GpioKey<arch::DeviceRegisters> gpio_key;
constinit Keyboard<Ports> keyboard;
constinit sync::Spin keyboard_lock;

void on_fixed(void*) {
    if (fixed_button.pressed()) device::request_stop(AfterEnd::power_off);
}
void on_event(void*) {
    if (event_register.pressed()) device::request_stop(AfterEnd::power_off);
}
void on_key(void*) {
    if (gpio_key.pressed()) device::request_stop(AfterEnd::power_off);
}
void on_keyboard(void*) {
    bool pressed;
    {
        Guard guard(keyboard_lock);
        pressed = keyboard.pressed();
    }
    if (pressed) device::request_stop(AfterEnd::restart);
}

/// Of PCs.
Result<bool> start_fixed_button() {
    auto registers = wire::acpi::find_fixed_button(arch::acpi_tables().fixed);
    if (!registers) return false;
    fixed_button = {*registers, Ports{}};
    if (!fixed_button.start()) return fail(Error::not_supported);
    // Unless the MADT says otherwise [acpi 5.2.9 SCI_INT].
    TRY(arch::connect_line(registers->line, Trigger::level_low, on_fixed, nullptr));
    return true;
}

/// Of machines without fixed hardware: arm64's with UEFI, QEMU's microvm, cloud-hypervisor's.
Result<bool> start_event_button() {
    auto button = wire::acpi::find_event_button(arch::acpi_tables().others);
    if (!button) return false;
    event_register = {TRY(arch::map_device({button->address}, button->width)), button->width, button->mask};
    auto trigger = !button->level ? Trigger::edge : button->active_low ? Trigger::level_low : Trigger::level_high;
    TRY(arch::connect_line(button->line, trigger, on_event, nullptr));
    on_event(nullptr);  // what has come before raises no interrupt any more
    return true;
}

/// Of arm64's machines with a device tree.
Result<bool> start_gpio_key() {
    auto key = arch::find_power_key();
    if (!key) return false;
    auto* mapped = TRY(arch::map_device(key->controller, page_size));
    gpio_key = {key->pin, key->active_low, arch::DeviceRegisters{static_cast<std::byte*>(mapped)}};
    gpio_key.start();
    TRY(arch::connect_line(key->line, Trigger::level_high, on_key, nullptr));
    return true;
}

Result<bool> start_keyboard() {
    if (!keyboard.start()) return false;
    TRY(arch::connect_line(keyboard.line, Trigger::edge, on_keyboard, nullptr));
    on_keyboard(nullptr);
    return true;
}

void tell(std::string_view what, Result<bool> started) {
    if (!started) core::warn("the {} does not start: error {}", what, started.error());
    else if (*started) core::debug("asked to stop by: {}", what);
}

}  // namespace

void start() {
    tell("power button (ACPI, fixed)", start_fixed_button());
    tell("power button (ACPI, event)", start_event_button());
    tell("power key (GPIO)", start_gpio_key());
    tell("Ctrl-Alt-Del", start_keyboard());
}

}  // namespace spore::drivers::power
