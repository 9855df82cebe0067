#include "kernel/linux/terminal/console.hpp"

#include "kernel/fs/special_file.hpp"
#include "kernel/linux/terminal/terminal_file.hpp"

namespace spore::linux {

namespace {

using namespace terminal;

constexpr u64 console_device = fs::device_number(5, 1);

Window window_of(device::Console& console) {
    auto size = console.window_size();
    return {size.rows, size.columns, 0, 0};
}

/// Whoever sits there types UTF-8, as at Linux's own console.
Settings typed_in_utf8() {
    Settings settings;
    settings.input |= utf8;
    return settings;
}

class ConsoleTerminal final : public Terminal {
public:
    explicit ConsoleTerminal(device::Console& console) : Terminal(window_of(console), typed_in_utf8()), console_(console) { begin_session(1); }

    u64 device() const override { return console_device; }
    void window_changed() { set_window(window_of(console_)); }
    /// The thread that takes what is typed, so that ^C works while nobody reads.
    [[noreturn]] void take_input() {
        while (true) {
            std::byte typed[128];
            auto count = console_.read(typed, device::Console::Wait::yes);
            if (!count) {
                task::yield();
                continue;
            }
            type(std::span(typed).first(*count));
            if (*count == 0) {
                // Nobody sits there any more.
                hang_up(HangUp::at_end);
                signal_foreground(sighup);
                signal_foreground(sigcont);
                task::end();
            }
        }
    }

private:
    Result<void> put(ByteSpan bytes, Wait) override { return console_.write(device::OutputStream::standard_out, bytes); }
    device::Console& console_;
};

constinit ConsoleTerminal* the_console = nullptr;

Result<Shared<fs::File>> open_console(fs::Dentry& entry, fs::OpenMode mode) {
    return TRY(make_shared<TerminalFile>(entry, Shared<Terminal>(*the_console), mode));
}

Result<Shared<fs::File>> open_own_terminal(fs::Dentry& entry, fs::OpenMode mode) {
    auto own = controlling_terminal(current_task().process());
    if (!own) return fail(Error::no_such_device_address);
    return TRY(make_shared<TerminalFile>(entry, std::move(own), mode));
}

}  // namespace

Result<void> start_terminal(device::Console& console) {
    auto made = TRY(make_shared<ConsoleTerminal>(console));
    auto thread = TRY(task::Thread::create("terminal", [](void* terminal) { static_cast<ConsoleTerminal*>(terminal)->take_input(); }, made.get()));
    the_console = made.leak();
    TRY(fs::register_special(fs::FileType::character, console_device, open_console));
    task::start(std::move(thread));
    return {};
}

bool terminal_window_changed() {
    if (!the_console) return false;
    the_console->window_changed();
    return true;
}

Result<void> register_own_terminal() { return fs::register_special(fs::FileType::character, fs::device_number(5, 0), open_own_terminal); }

}  // namespace spore::linux
