#include "kernel/main/standstill.hpp"

#include <atomic>
#include <bit>

#include "arch/cpu.hpp"
#include "kernel/task/thread.hpp"

namespace spore::main {
namespace {

constinit std::atomic<bool> held = false;
constinit std::atomic<u32> parked = 0;

/// The kernel's threads are not preempted: the CPU is this one's until it ends.
[[noreturn]] void park(void*) {
    parked.fetch_add(1, std::memory_order_acq_rel);
    while (held.load(std::memory_order_acquire)) arch::relax();
    parked.fetch_sub(1, std::memory_order_acq_rel);
    task::end();
}

void wait_until_parked(u32 count) {
    while (parked.load(std::memory_order_acquire) != count) arch::relax();
}

Result<Owned<task::Thread>> make_parker(u32 cpu) {
    auto thread = TRY(task::Thread::create("park", park, nullptr));
    TRY(thread->set_affinity(task::CpuSet{1} << cpu));
    return thread;
}

}  // namespace

Result<Standstill> Standstill::begin() {
    held.store(true, std::memory_order_release);
    Standstill standstill(0);
    for (auto others = task::online_cpus() & ~(task::CpuSet{1} << arch::cpu_id()); others; others &= others - 1) {
        task::start(TRY(make_parker(static_cast<u32>(std::countr_zero(others)))));
        ++standstill.parked_;
    }
    wait_until_parked(standstill.parked_);
    return standstill;
}

Standstill::~Standstill() {
    if (!parked_) return;
    wait_until_parked(parked_);  // where it did not begin
    held.store(false, std::memory_order_release);
    wait_until_parked(0);
}

}  // namespace spore::main
