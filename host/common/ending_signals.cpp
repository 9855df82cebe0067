#include "host/common/ending_signals.hpp"

#include <sys/signalfd.h>

namespace spore::host {

namespace {

constexpr int ending[] = {SIGINT, SIGTERM, SIGHUP};

/// Of those, whoever started us may have had some ignored (nohup): these end nothing, but would wait like the others.
bool is_ignored(int signal) {
    struct sigaction now{};
    return ::sigaction(signal, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

sigset_t ending_set() {
    sigset_t set;
    ::sigemptyset(&set);
    for (int signal : ending)
        if (!is_ignored(signal)) ::sigaddset(&set, signal);
    return set;
}

}  // namespace

EndingSignalsWait::EndingSignalsWait() {
    auto set = ending_set();
    ::pthread_sigmask(SIG_BLOCK, &set, &before_);
}

EndingSignalsWait::~EndingSignalsWait() {
    if (mine_) ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

FileDescriptor watch_ending_signals() {
    auto set = ending_set();
    return FileDescriptor(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
}

bool ending_signal_waits() {
    sigset_t waiting;
    ::sigpending(&waiting);
    for (int signal : ending)
        if (::sigismember(&waiting, signal) && !is_ignored(signal)) return true;
    return false;
}

void let_ending_signals_through() {
    auto set = ending_set();
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace spore::host
