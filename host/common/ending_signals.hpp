// Signals that end this process wait while there is something to take away first: a folder that is being filled, another program that is at work.
#pragma once

#include <signal.h>

#include "host/common/files.hpp"

namespace spore::host {

/// While one lives, SIGINT, SIGTERM and SIGHUP wait; with it goes what it was made for, and then the process. Long work looks for them now and then.
class EndingSignalsWait {
public:
    EndingSignalsWait();
    EndingSignalsWait(EndingSignalsWait&& other) noexcept : before_(other.before_), mine_(std::exchange(other.mine_, false)) {}
    ~EndingSignalsWait();

private:
    sigset_t before_;
    bool mine_ = true;
};

/// Readable while one of them waits. It is not to be read from: the signal has its effect later.
FileDescriptor watch_ending_signals();
bool ending_signal_waits();
/// For a child that is to know nothing of this.
void let_ending_signals_through();

}  // namespace spore::host
