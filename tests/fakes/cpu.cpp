// The processor for unit tests: as many CPUs as a test asks for, chosen per host thread; the clock stands still until moved.
#include "arch/cpu.hpp"

#include <sched.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "tests/fakes/cpu.hpp"

extern char __start_per_cpu[] __attribute__((weak));
extern char __stop_per_cpu[] __attribute__((weak));

namespace spore::fakes {
namespace {
thread_local u32 current_cpu = 0;
u32 cpus = 1;
u64 offsets[arch::max_cpus] = {};
char* initial = nullptr;  // the section as it was before anything ran
std::atomic<u64> now = 0;
std::atomic<u64> deadline = ~u64{0};
std::atomic<u64> kicks = 0;

std::size_t section_size() { return static_cast<std::size_t>(__stop_per_cpu - __start_per_cpu); }
[[gnu::constructor]] void keep_initial_values() {
    initial = static_cast<char*>(std::malloc(section_size() + 1));
    std::memcpy(initial, __start_per_cpu, section_size());
}
}  // namespace

void set_cpu_count(u32 count) {
    for (u32 cpu = 1; cpu < count; ++cpu) {
        if (offsets[cpu]) continue;
        auto* copy = static_cast<char*>(std::aligned_alloc(64, align_up(section_size() + 1, 64)));
        std::memcpy(copy, initial, section_size());
        offsets[cpu] = reinterpret_cast<u64>(copy) - reinterpret_cast<u64>(__start_per_cpu);
    }
    cpus = count;
}
void set_cpu(u32 cpu) { current_cpu = cpu; }
void set_time(u64 nanoseconds) { now = nanoseconds; }
u64 armed_deadline() { return deadline; }
u64 kick_count() { return kicks; }
}  // namespace spore::fakes

namespace spore::arch {
void relax() { sched_yield(); }
void wait_for_interrupt() { sched_yield(); }
u64 cycles() { return fakes::now; }
u64 monotonic_nanoseconds() { return fakes::now; }
u32 cpu_id() { return fakes::current_cpu; }
u32 cpu_count() { return fakes::cpus; }
u64 per_cpu_offset() { return fakes::offsets[fakes::current_cpu]; }
u64 per_cpu_offset(u32 cpu) { return fakes::offsets[cpu]; }
void kick(u32) { ++fakes::kicks; }
void arm_timer(u64 at) { fakes::deadline = at; }
}  // namespace spore::arch
