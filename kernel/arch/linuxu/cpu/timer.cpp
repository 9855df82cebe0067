#include "timer.hpp"

#include <time.h>

#include "../host/call.hpp"
#include "../host/clock.hpp"
#include "../trap/signals.hpp"
#include "arch/cpu.hpp"
#include "kernel/core/panic.hpp"
#include "local.hpp"

namespace spore::arch {
namespace {

constexpr u64 never = no_timer;

/// The host's structure [linux include/uapi/linux/time.h].
struct Setting {
    timespec interval, value;
};

void arm_host(u64 nanoseconds) {
    auto& cpu = local();
    cpu.timer_armed = nanoseconds;
    u64 at = nanoseconds == never ? 0 : nanoseconds + host::clock_origin();
    Setting setting{{}, {static_cast<time_t>(at / 1'000'000'000), static_cast<long>(at % 1'000'000'000)}};
    host::call(SYS_timer_settime, own().timer, TIMER_ABSTIME, &setting, nullptr);
}

}  // namespace

void create_timer() {
    sigevent event{};
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = timer_signal;
    if (host::call(SYS_timer_create, CLOCK_MONOTONIC, &event, &own().timer) < 0) core::panic("the host gives no timer");
}

/// A timer that comes too early costs less than setting it anew each time that the wish moves further away.
void arm_timer(u64 nanoseconds) {
    auto& cpu = local();
    cpu.timer_wanted = nanoseconds;
    if (nanoseconds < cpu.timer_armed) arm_host(nanoseconds);
}

bool timer_is_due() {
    auto& cpu = local();
    // The host's timer has run off, even where our reading of the clock lags behind its own: then it is set for the rest.
    cpu.timer_armed = never;
    if (cpu.timer_wanted <= monotonic_nanoseconds()) return true;
    if (cpu.timer_wanted != never) arm_host(cpu.timer_wanted);
    return false;
}

}  // namespace spore::arch
