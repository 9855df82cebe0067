#include "kernel/drivers/console/serial_console.hpp"

#include "arch/device_register.hpp"
#include "arch/interrupts.hpp"
#include "arch/mmu.hpp"
#include "arch/pci.hpp"
#include "arch/serial.hpp"
#include "kernel/core/log.hpp"
#include "kernel/drivers/console/typed.hpp"
#include "kernel/drivers/console/uart.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::drivers {
namespace {

struct Ports {
    u64 first;
    u8 read(u8 which) const { return static_cast<u8>(arch::read_io(static_cast<u32>(first + which), 1)); }
    void write(u8 which, u8 value) const { arch::write_io(static_cast<u32>(first + which), 1, value); }
};

constinit Typed typed;  // with the console's lock; outside of it, as the image would have its zeros

class SerialConsole final : public device::Console {
public:
    Result<void> open() {
        auto port = arch::serial_port();
        kind_ = port.kind, address_ = port.address;
        if (kind_ == Kind::none) return fail(Error::no_device);
        if (kind_ == Kind::pl011) address_ = reinterpret_cast<u64>(TRY(arch::map_device({port.address}, page_size)));
        TRY(arch::connect_line(port.line, kind_ == Kind::pl011 ? arch::Trigger::level_high : arch::Trigger::edge, on_interrupt, this));
        with_uart([](auto uart) { uart.start(); });
        return {};
    }

    Result<void> write(device::OutputStream, ByteSpan bytes) override {
        arch::write_serial({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        return {};
    }
    Result<std::size_t> read(MutableByteSpan into, Wait wait) override {
        std::size_t count;
        u64 lost;
        {
            Guard guard(lock_);
            while (typed.size() == 0 && !into.empty()) {
                take_typed();  // no interrupt tells of what came while one was handled
                if (typed.size() != 0) break;
                if (wait == Wait::no) return fail(Error::would_block);
                TRY(arrivals_.wait(lock_, sync::Interruptible::yes));
            }
            count = typed.take(into);
            lost = typed.take_lost();
        }
        if (lost) core::warn("{} bytes came in at the serial port faster than they were taken, and are lost", lost);
        return count;
    }
    std::size_t readable() const override {
        Guard guard(lock_);
        return typed.size();
    }
    bool is_terminal() const override { return true; }
    device::WindowSize window_size() const override { return {}; }
    /// A terminal reads for itself, and waits.
    void set_listener(Listener, void*) override {}

private:
    using Kind = arch::SerialPort::Kind;

    static void on_interrupt(void* self) {
        auto& console = *static_cast<SerialConsole*>(self);
        Guard guard(console.lock_);
        console.take_typed();
        console.arrivals_.wake_all();
    }
    void take_typed() {
        constexpr int most = 1024;  // at a time, however fast it comes
        with_uart([&](auto uart) {
            for (int i = 0; i < most; ++i) {
                auto byte = uart.take();
                if (!byte) break;
                typed.add(static_cast<std::byte>(*byte));
            }
        });
    }
    void with_uart(auto&& act) {
        if (kind_ == Kind::ns16550) act(Ns16550(Ports{address_}));
        else act(Pl011(arch::DeviceRegisters{reinterpret_cast<std::byte*>(address_)}));
    }

    Kind kind_ = Kind::none;
    u64 address_ = 0;  ///< of the registers: a port, or mapped
    mutable sync::Spin lock_;
    sync::WaitQueue arrivals_;
};
constinit SerialConsole console;

}  // namespace

device::Console* open_serial_console() { return console.open() ? &console : nullptr; }

}  // namespace spore::drivers
