#include "kernel/drivers/xen/console.hpp"

#include <atomic>

#include "arch/boot.hpp"
#include "arch/xen.hpp"
#include "kernel/core/panic_hook.hpp"
#include "kernel/drivers/xen/events.hpp"
#include "kernel/sync/wait_queue.hpp"

namespace spore::drivers::xen {
namespace {

class Console final : public device::Console {
public:
    Result<void> open() { return connect_event(arch::xen::console_port(), on_event, this); }

    Result<void> write(device::OutputStream, ByteSpan bytes) override {
        std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        while (true) {
            u64 before = events_;
            text.remove_prefix(arch::xen::write_console(text));
            if (text.empty()) return {};
            Guard guard(lock_);
            if (before == events_) TRY(news_.wait(lock_, sync::Interruptible::yes));
        }
    }
    Result<std::size_t> read(MutableByteSpan into, Wait wait) override {
        while (true) {
            auto count = arch::xen::read_console({reinterpret_cast<char*>(into.data()), into.size()});
            if (count || into.empty()) return count;
            if (wait == Wait::no) return fail(Error::would_block);
            Guard guard(lock_);
            if (!arch::xen::console_input()) TRY(news_.wait(lock_, sync::Interruptible::yes));
        }
    }
    std::size_t readable() const override { return arch::xen::console_input(); }
    bool is_terminal() const override { return true; }
    device::WindowSize window_size() const override { return {}; }
    /// A terminal reads for itself, and waits.
    void set_listener(Listener, void*) override {}

private:
    static void on_event(void* self) {
        auto& console = *static_cast<Console*>(self);
        Guard guard(console.lock_);
        ++console.events_;
        console.news_.wake_all();
    }

    sync::Spin lock_;
    sync::WaitQueue news_;
    std::atomic<u64> events_ = 0;
};
constinit Console console;

void on_panic(std::string_view line) {
    if (line.empty()) arch::xen::shut_down(wire::xen::Shutdown::crash);
    arch::write_early_console("spore: ");
    arch::write_early_console(line);
    arch::write_early_console("\n");
}

}  // namespace

device::Console* open_console() {
    core::set_panic_hook(on_panic);
    return arch::xen::console_port() && console.open() ? &console : nullptr;
}

}  // namespace spore::drivers::xen
