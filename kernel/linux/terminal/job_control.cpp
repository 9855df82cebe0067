// Sessions and their terminals: who is in the foreground, and what becomes of those in the background [POSIX 11.1].
#include <utility>

#include "kernel/linux/process/tree.hpp"
#include "kernel/linux/signal/send.hpp"
#include "kernel/linux/terminal/terminal.hpp"
#include "kernel/linux/user.hpp"

namespace spore::linux::terminal {

constinit Terminal::All Terminal::all_;

namespace {
void signal_group(i32 group, i32 number) {
    if (group) (void)send_to_group(group, SignalInfo::from_kernel(number));
}
}  // namespace

Terminal::Terminal(const Window& window, const Settings& settings) : window_(window) {
    discipline_.change(settings);
    TreeGuard guard(tree_lock());
    all_.push_back(*this);
}

Terminal::~Terminal() {
    TreeGuard guard(tree_lock());
    all_.remove(*this);
}

Shared<Terminal> controlling_terminal(Process& process) {
    TreeGuard guard(tree_lock());
    if (!process.session) return {};
    for (auto& terminal : Terminal::all_)
        if (terminal.session_ == process.session && terminal.try_retain()) return Shared<Terminal>::adopt(&terminal);
    return {};
}

Foreground foreground_of_locked(i32 session) {
    if (session)
        for (auto& terminal : Terminal::all_)
            if (terminal.session_ == session) return {terminal.device(), terminal.foreground_};
    return {};
}

void session_leader_ended(Process& process) {
    auto terminal = controlling_terminal(process);
    if (!terminal) return;
    signal_group(terminal->give_up().foreground, sighup);
}

bool Terminal::controls(Process& process) {
    TreeGuard guard(tree_lock());
    return session_ && session_ == process.session;
}

Terminal::Control Terminal::give_up() {
    TreeGuard guard(tree_lock());
    return {std::exchange(session_, 0), std::exchange(foreground_, 0)};
}

void Terminal::signal_foreground(i32 number) {
    i32 group;
    {
        TreeGuard guard(tree_lock());
        group = foreground_;
    }
    signal_group(group, number);
}

/// Whoever of the session is in the background is sent `signal`, and stops [POSIX 11.1.4].
Result<void> Terminal::must_be_foreground(i32 signal) {
    auto& task = current_task();
    auto& process = task.process();
    i32 group;
    {
        TreeGuard guard(tree_lock());
        if (process.session != session_ || process.group == foreground_ || foreground_ == 0) return {};
        group = process.group;
    }
    bool ignored;
    {
        Guard guard(process.signal_lock);
        Guard handlers_guard(process.handlers->lock);
        ignored = task.blocked.has(signal) || (*process.handlers)[signal].handler == SignalAction::ignore;
    }
    if (ignored) {
        if (signal == sigttin) return fail(Error::io);
        return {};
    }
    {
        TreeGuard guard(tree_lock());
        if (is_orphaned(group)) return fail(Error::io);
    }
    (void)send_to_group(group, SignalInfo::from_kernel(signal));
    return fail(Error::interrupted);
}

Result<u64> Terminal::set_foreground(u64 argument, Side side) {
    auto& process = current_task().process();
    if (!controls(process)) return fail(Error::not_a_terminal);
    if (side == Side::slave) TRY(must_be_foreground(sigttou));
    i32 group = TRY(UserIn<i32>{{argument}}.read());
    if (group < 0) return fail(Error::invalid);
    TreeGuard guard(tree_lock());
    bool found = false, ours = false;
    tree().groups.for_each(group, [&](Process& other) {
        found = true, ours = other.session == process.session;
        return !ours;
    });
    if (!found) return fail(Error::no_process);
    if (!ours) return fail(Error::not_permitted);
    foreground_ = group;
    return 0;
}

Result<u64> Terminal::take_control(bool steal) {
    auto& process = current_task().process();
    bool privileged = process.credentials().may(Capability::admin);
    TreeGuard guard(tree_lock());
    if (process.session == session_) return 0;
    if (process.session != process.id()) return fail(Error::not_permitted);
    for (auto& other : all_)
        if (other.session_ == process.session) return fail(Error::not_permitted);
    bool in_use = false;
    if (session_) tree().processes.for_each([&](Process& other) { return !(in_use = other.session == session_ && !other.zombie); });
    if (in_use && !(steal && privileged)) return fail(Error::not_permitted);
    session_ = process.session;
    foreground_ = process.group;
    return 0;
}

void Terminal::begin_session(i32 leader) {
    TreeGuard guard(tree_lock());
    session_ = foreground_ = leader;
}

void Terminal::take_when_opened(Process& process) {
    TreeGuard guard(tree_lock());
    if (session_ || !process.session || process.session != process.id()) return;
    for (auto& other : all_)
        if (other.session_ == process.session) return;
    session_ = process.session;
    foreground_ = process.group;
}

Result<u64> Terminal::give_up_control() {
    auto& process = current_task().process();
    if (!controls(process)) return fail(Error::not_a_terminal);
    if (process.session != process.id()) return 0;
    auto lost = give_up();
    signal_group(lost.foreground, sighup);
    signal_group(lost.foreground, sigcont);
    return 0;
}

}  // namespace spore::linux::terminal
