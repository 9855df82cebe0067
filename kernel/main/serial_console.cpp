#include "kernel/main/serial_console.hpp"

#include "arch/boot.hpp"

namespace spore::main {
namespace {

/// Output only; programs find the end of their input at once.
class SerialConsole final : public device::Console {
public:
    Result<void> write(device::OutputStream, ByteSpan bytes) override {
        arch::write_early_console({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        return {};
    }
    Result<std::size_t> read(MutableByteSpan, Wait) override { return 0; }
    std::size_t readable() const override { return ~std::size_t{0}; }
    bool is_terminal() const override { return false; }
    device::WindowSize window_size() const override { return {}; }
    void set_listener(Listener, void*) override {}
};
constinit SerialConsole console;

}  // namespace

device::Console& serial_console() { return console; }

}  // namespace spore::main
