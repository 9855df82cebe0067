#include "kernel/main/ending.hpp"

#include <atomic>

#include "arch/boot.hpp"
#include "kernel/core/log.hpp"
#include "kernel/core/parts.hpp"
#include "kernel/fs/vfs.hpp"
#include "kernel/main/network.hpp"
#include "kernel/main/stop.hpp"
#include "kernel/sync/wait_queue.hpp"
#include "kernel/task/thread.hpp"
#include "kernel/time/timer.hpp"

namespace spore::main {
namespace {

constexpr u32 sigkill = 9;  // the same on every Linux machine

constinit u32 stop_signal = 15;
/// Nobody insists who asks again later: some hypervisors repeat their request every ten seconds, as long as the machine is there.
constexpr Duration insistence = Duration::seconds(5);

constinit std::atomic<Instant> asked_at = Instant::never();
constinit std::atomic<bool> ends = false;
constinit std::atomic<device::AfterEnd> wanted = device::AfterEnd::power_off;
constinit std::atomic<bool> closing = false;

/// Whoever comes here second waits for the end that the first makes.
void close_once() {
    if (closing.exchange(true)) {
        sync::Spin lock;
        sync::WaitQueue nobody;
        Guard guard(lock);
        while (true) (void)nobody.wait(lock, sync::Interruptible::no);
    }
    fs::close_all();
}

void drain() {
    if constexpr (core::has(core::Part::network)) drain_network();
}

/// As if somebody had killed the program.
[[noreturn]] void end_without_program(void*) {
    close_once();
    finish(abi::ExitReason::signaled, sigkill, wanted);
}

}  // namespace

void set_stop_signal(u32 number) { stop_signal = number; }

void ask_to_stop(device::AfterEnd after) {
    wanted = after;
    auto now = time::now(), before = asked_at.exchange(now);
    if (before == Instant::never()) return linux::signal_first_group(static_cast<i32>(stop_signal));
    if (now - before > insistence || ends.exchange(true)) return;
    auto thread = task::Thread::create("end", end_without_program, nullptr);
    if (thread) return task::start(std::move(*thread));
    core::error("no memory to end the machine: ask once more");
    ends = false;
}

void end_after_program(linux::End end) {
    drain();
    close_once();
    finish(end.reason, end.status, wanted);
}

void restart_for_program() {
    drain();
    close_once();
    arch::restart();
}

}  // namespace spore::main
