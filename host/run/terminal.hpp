// The terminal in raw mode for as long as this lives: every key goes to the program in the guest.
#pragma once

#include <termios.h>
#include <unistd.h>

namespace spore::host {

class RawTerminal {
public:
    explicit RawTerminal(bool wanted) {
        if (!wanted || ::tcgetattr(STDIN_FILENO, &before_) != 0) return;
        auto raw = before_;
        ::cfmakeraw(&raw);
        active_ = ::tcsetattr(STDIN_FILENO, TCSADRAIN, &raw) == 0;
    }
    RawTerminal(const RawTerminal&) = delete;
    ~RawTerminal() {
        if (active_) ::tcsetattr(STDIN_FILENO, TCSADRAIN, &before_);
    }

private:
    struct termios before_{};
    bool active_ = false;
};

}  // namespace spore::host
