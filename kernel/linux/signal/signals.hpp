// Signals as numbers, sets, and what is known about one that was sent ([POSIX 2.4], signal(7)).
#pragma once

#include <cstring>

#include "base/list.hpp"
#include "base/owned.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::linux {

enum Signal : i32 {
    sighup = 1, sigint = 2, sigquit = 3, sigill = 4, sigtrap = 5, sigabrt = 6, sigbus = 7, sigfpe = 8, sigkill = 9, sigusr1 = 10,
    sigsegv = 11, sigusr2 = 12, sigpipe = 13, sigalrm = 14, sigterm = 15, sigstkflt = 16, sigchld = 17, sigcont = 18,
    sigstop = 19, sigtstp = 20, sigttin = 21, sigttou = 22, sigurg = 23, sigxcpu = 24, sigxfsz = 25, sigvtalrm = 26,
    sigprof = 27, sigwinch = 28, sigio = 29, sigpwr = 30, sigsys = 31, first_realtime = 32,
};
inline constexpr i32 last_signal = 64;
constexpr bool is_signal(i32 number) { return number >= 1 && number <= last_signal; }

/// A bit per signal: bit 0 is signal 1.
struct SignalSet {
    u64 bits = 0;

    static constexpr SignalSet of(auto... numbers) { return {((u64{1} << (numbers - 1)) | ... | 0)}; }
    constexpr bool has(i32 number) const { return bits >> (number - 1) & 1; }
    constexpr void add(i32 number) { bits |= u64{1} << (number - 1); }
    constexpr void remove(i32 number) { bits &= ~(u64{1} << (number - 1)); }
    constexpr explicit operator bool() const { return bits; }
    constexpr SignalSet operator&(SignalSet other) const { return {bits & other.bits}; }
    constexpr SignalSet operator|(SignalSet other) const { return {bits | other.bits}; }
    constexpr SignalSet operator~() const { return {~bits}; }
    /// The signal that is delivered first: faults before others, then the lowest number.
    constexpr i32 first() const;
};
/// Those that what the program does brings about.
inline constexpr SignalSet faults = SignalSet::of(sigill, sigtrap, sigbus, sigfpe, sigsegv, sigsys);
/// Those whose positive si_codes have meanings of their own.
inline constexpr SignalSet with_own_codes = faults | SignalSet::of(sigchld, sigio);
inline constexpr SignalSet unblockable = SignalSet::of(sigkill, sigstop);
constexpr i32 SignalSet::first() const {
    u64 urgent = bits & faults.bits;
    return __builtin_ctzll(urgent ? urgent : bits) + 1;
}
inline constexpr SignalSet job_stops = SignalSet::of(sigstop, sigtstp, sigttin, sigttou);

/// si_code values.
enum SignalCode : i32 {
    si_user = 0, si_kernel = 0x80, si_queue = -1, si_timer = -2, si_mesgq = -3, si_asyncio = -4, si_sigio = -5, si_tkill = -6,
    segv_maperr = 1, segv_accerr = 2, bus_adraln = 1, bus_adrerr = 2, bus_objerr = 3, fpe_intdiv = 1, fpe_intovf = 2, fpe_flterr = 3, fpe_fltinv = 7,
    ill_illopc = 1, ill_illopn = 2, trap_brkpt = 1, trap_trace = 2,
    poll_in = 1, poll_out = 2, poll_msg = 3, poll_err = 4, poll_pri = 5, poll_hup = 6,
    cld_exited = 1, cld_killed = 2, cld_dumped = 3, cld_trapped = 4, cld_stopped = 5, cld_continued = 6,
};

/// The part of siginfo_t that is ever filled: its head, and the union's first 32 bytes.
struct SignalInfo {
    i32 number = 0;
    i32 error = 0;
    i32 code = 0;
    i32 padding = 0;
    u64 words[4] = {};

    /// kill, tgkill, sigqueue: who sent it, and the value that came with it.
    static SignalInfo from_process(i32 number, i32 code, i32 pid, u32 uid, u64 value = 0) {
        return {number, 0, code, 0, {static_cast<u32>(pid) | u64{uid} << 32, value}};
    }
    static SignalInfo from_kernel(i32 number) { return {number, 0, si_kernel, 0, {}}; }
    static SignalInfo fault(i32 number, i32 code, VirtAddr at) { return {number, 0, code, 0, {at.value}}; }
    static SignalInfo child(i32 code, i32 pid, u32 uid, i32 status, u64 user_ticks, u64 system_ticks) {
        return {sigchld, 0, code, 0, {static_cast<u32>(pid) | u64{uid} << 32, static_cast<u32>(status), user_ticks, system_ticks}};
    }
    static SignalInfo timer(i32 number, i32 id, i32 overrun, u64 value) {
        return {number, 0, si_timer, 0, {static_cast<u32>(id) | u64{static_cast<u32>(overrun)} << 32, value}};
    }
    /// A file is ready: what for (POLL_*), as poll's bits, and the descriptor that was asked about.
    static SignalInfo of_file(i32 number, i32 code, u64 band, i32 descriptor) {
        return {number, 0, code, 0, {band, static_cast<u32>(descriptor)}};
    }
    /// [linux] siginfo_layout: other signals have no positive codes of their own, and borrow SIGIO's (F_SETSIG).
    bool is_of_file() const { return code >= poll_in && code <= poll_hup && !(faults | SignalSet::of(sigchld)).has(number); }
    void add_overrun(u32 more) { words[0] += u64{more} << 32; }
    u32 overrun() const { return static_cast<u32>(words[0] >> 32); }
    i32 pid() const { return static_cast<i32>(words[0]); }
    u32 uid() const { return static_cast<u32>(words[0] >> 32); }
    /// Sent by the kernel because of what the program did, not by somebody.
    bool is_synchronous_fault() const { return code > 0 && code != si_kernel && faults.has(number); }
};
static_assert(sizeof(SignalInfo) == 48);

/// siginfo_t as programs know it.
struct UserSignalInfo {
    SignalInfo info;
    u8 rest[80] = {};
};
static_assert(sizeof(UserSignalInfo) == 128);

/// A signal that waits for delivery.
struct QueuedSignal {
    SignalInfo info;
    ListLink<QueuedSignal> link;
};

/// Signals sent to a thread or a process and not yet taken. The owner's lock guards it. Ordinary signals wait once, real-time signals as
/// often as they were sent, in order.
class PendingSignals {
public:
    constexpr PendingSignals() = default;
    PendingSignals(const PendingSignals&) = delete;
    ~PendingSignals() { discard({~u64{0}}); }

    SignalSet set() const { return set_; }
    /// How many are remembered with what is known about them.
    u32 queued() const { return queued_; }
    bool would_queue(i32 number) const { return number >= first_realtime || !set_.has(number); }
    /// `entry` may be null: then only the number is remembered. Takes it over; returns it when it is not needed.
    Owned<QueuedSignal> add(i32 number, Owned<QueuedSignal> entry);
    /// The waiting signal of a timer; null when there is none.
    SignalInfo* find_timer(i32 number, i32 timer);
    /// Takes the first of `wanted`, which must hold one that is pending.
    SignalInfo take(SignalSet wanted);
    void discard(SignalSet which);

private:
    SignalSet set_;
    u32 queued_ = 0;
    List<QueuedSignal, &QueuedSignal::link> queue_;
};

// sa_flags
enum ActionFlag : u64 {
    sa_nocldstop = 1, sa_nocldwait = 2, sa_siginfo = 4, sa_restorer = 0x0400'0000, sa_onstack = 0x0800'0000,
    sa_restart = 0x1000'0000, sa_nodefer = 0x4000'0000, sa_resethand = 0x8000'0000,
};

/// struct sigaction as rt_sigaction exchanges it.
struct SignalAction {
    u64 handler = 0;  ///< or one of the two below
    u64 flags = 0;
    u64 restorer = 0;
    SignalSet mask;

    static constexpr u64 by_default = 0, ignore = 1;
};
static_assert(sizeof(SignalAction) == 32);

enum class DefaultAction : u8 { terminate, core, ignore, stop, resume };
constexpr DefaultAction default_action(i32 number) {
    switch (number) {
    case sigquit: case sigill: case sigtrap: case sigabrt: case sigbus: case sigfpe: case sigsegv: case sigxcpu: case sigxfsz:
    case sigsys: return DefaultAction::core;
    case sigchld: case sigurg: case sigwinch: return DefaultAction::ignore;
    case sigstop: case sigtstp: case sigttin: case sigttou: return DefaultAction::stop;
    case sigcont: return DefaultAction::resume;
    default: return DefaultAction::terminate;
    }
}

/// What a process does with each signal; shared between processes by CLONE_SIGHAND.
struct SignalHandlers final : Counted {
    sync::Spin lock;
    SignalAction actions[last_signal];

    SignalAction& operator[](i32 number) { return actions[number - 1]; }
    bool ignores(i32 number) {
        auto handler = (*this)[number].handler;
        return handler == SignalAction::ignore || (handler == SignalAction::by_default && default_action(number) == DefaultAction::ignore);
    }
};

/// stack_t
struct SignalStack {
    static constexpr i32 on_stack = 1, disabled = 2;
    static constexpr u32 auto_disarm = 1u << 31;
    u64 base = 0;
    i32 flags = disabled;
    i32 padding = 0;
    u64 size = 0;

    bool holds(VirtAddr at) const { return at.value - base < size; }
};
static_assert(sizeof(SignalStack) == 24);

}  // namespace spore::linux
