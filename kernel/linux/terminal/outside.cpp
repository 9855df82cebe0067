#include "kernel/linux/terminal/outside.hpp"

#include "kernel/linux/terminal/devpts.hpp"

namespace spore::linux {

using terminal::PseudoTerminal;

namespace {
terminal::Window window_of(device::Console& console) {
    auto size = console.window_size();
    return {size.rows, size.columns, 0, 0};
}
}  // namespace

Result<Owned<OutsideTerminal>> OutsideTerminal::create(device::Console& console, u32 uid) {
    auto terminal = TRY(PseudoTerminal::create(uid));
    auto made = make_owned<OutsideTerminal>(console, terminal);
    if (!made) terminal->master_closed();
    return made;
}

OutsideTerminal::OutsideTerminal(device::Console& console, Shared<PseudoTerminal> terminal) : console_(console), terminal_(std::move(terminal)) {
    terminal_->unlock();
    terminal_->set_window(window_of(console_));
    console_.set_listener([](void* waiter) { static_cast<PollWaiter*>(waiter)->notify(); }, &waiter_);
}

OutsideTerminal::~OutsideTerminal() {
    console_.set_listener(nullptr, nullptr);
    close();
}

void OutsideTerminal::close() {
    if (!std::exchange(closed_, true)) terminal_->master_closed();
}

Result<Shared<fs::File>> OutsideTerminal::open() {
    auto entry = TRY(terminal::slave_entry(*terminal_));
    return terminal_->open_slave(*entry, {.read = true, .write = true, .no_terminal = true});
}

/// What there is to show; false when nobody looks any more.
bool OutsideTerminal::show() {
    std::byte shown[1024];
    while (true) {
        auto buffer = fs::IoBuffer::kernel(std::span(shown));
        auto size = terminal_->master_read(buffer, terminal::Wait::no);
        if (!size || *size == 0) return true;
        if (!console_.write(device::OutputStream::standard_out, std::span(shown).first(*size))) return false;
    }
}

/// What the terminal takes of what was typed; false at its end.
bool OutsideTerminal::type() {
    while (true) {
        if (first_ == last_) {
            auto size = console_.read(typed_, device::Console::Wait::no);
            if (!size) return true;
            if (*size == 0) return false;
            first_ = 0, last_ = *size;
        }
        auto buffer = fs::IoBuffer::kernel(std::span<const std::byte>(typed_ + first_, last_ - first_));
        auto taken = terminal_->master_write(buffer, terminal::Wait::no);
        if (!taken) return true;
        first_ += *taken;
    }
}

void OutsideTerminal::carry() {
    PollTie tie;
    tie.attach(waiter_, &terminal_->master_source, fs::Ready::in | fs::Ready::out);
    while (true) {
        bool ended = ended_.load(std::memory_order_acquire);
        if (!show() || ended || !type()) break;
        terminal_->set_window(window_of(console_));
        (void)waiter_.wait(Instant::never());
    }
    tie.detach();
    close();
}

void OutsideTerminal::end() {
    ended_.store(true, std::memory_order_release);
    waiter_.notify();
}

}  // namespace spore::linux
