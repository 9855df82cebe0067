// A terminal at which somebody outside the machine sits: a pseudoterminal whose master's side is one of the machine's consoles.
#pragma once

#include <atomic>

#include "kernel/device/console.hpp"
#include "kernel/linux/poll/waiter.hpp"
#include "kernel/linux/terminal/pseudoterminal.hpp"

namespace spore::linux {

class OutsideTerminal {
public:
    /// `uid` owns it. The console must outlive it, and gets a listener.
    static Result<Owned<OutsideTerminal>> create(device::Console& console, u32 uid);
    OutsideTerminal(device::Console& console, Shared<terminal::PseudoTerminal> terminal);
    ~OutsideTerminal();

    /// The program's side.
    Result<Shared<fs::File>> open();
    /// It controls the session that the process `leader` begins, which has not run yet.
    void begin_session(i32 leader) { terminal_->begin_session(leader); }
    /// Carries what is typed and shown, in a thread of its own; until end(), when all that was written before has been shown, or until nobody sits there
    /// any more.
    void carry();
    void end();

private:
    bool show();
    bool type();
    void close();

    device::Console& console_;
    Shared<terminal::PseudoTerminal> terminal_;
    PollWaiter waiter_;
    std::atomic<bool> ended_ = false;
    bool closed_ = false;
    std::byte typed_[128];
    std::size_t first_ = 0, last_ = 0;  ///< of typed_, what the terminal has yet to take
};

}  // namespace spore::linux
