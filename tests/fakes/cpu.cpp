// The processors for unit tests. In a simulation each CPU is where it stopped last: a stack pointer, like a thread.
#include "tests/fakes/cpu.hpp"

#include <sched.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "arch/context.hpp"
#include "arch/cpu.hpp"
#include "kernel/core/per_cpu.hpp"
#include "kernel/task/thread.hpp"
#include "kernel/time/timer.hpp"
#include "tests/fakes/simulation.hpp"

extern char __start_per_cpu[] __attribute__((weak));
extern char __stop_per_cpu[] __attribute__((weak));

namespace spore::fakes {
namespace {
PER_CPU(std::atomic<bool>, attention_flag);
thread_local u32 current_cpu = 0;
u32 cpus = 1;
u64 offsets[arch::max_cpus] = {};
char* areas[arch::max_cpus] = {};  // what the offsets lead to, for the leak checker
char* initial = nullptr;  // the section as it was before anything ran
std::atomic<u64> clock_now = 0;
std::atomic<u64> kicks = 0;

struct SimulatedCpu {
    arch::KernelContext place;
    std::atomic<u64> deadline = ~u64{0};
    bool kicked = false;
    bool waiting = false;
};
SimulatedCpu machine[arch::max_cpus];
bool simulating = false;
bool program_ran = false;
u64 interrupt_nanoseconds = 0;
u64 seed = 0;
u64 generator = 1;

std::size_t section_size() { return static_cast<std::size_t>(__stop_per_cpu - __start_per_cpu); }
[[gnu::constructor]] void keep_initial_values() {
    initial = static_cast<char*>(std::malloc(section_size() + 1));
    std::memcpy(initial, __start_per_cpu, section_size());
}

void change_to(u32 cpu) {
    u32 from = current_cpu;
    if (cpu == from) return;
    current_cpu = cpu;
    arch::switch_context(machine[from].place, machine[cpu].place);
    // Somebody changed back to us, and has set current_cpu.
}

bool has_event(u32 cpu) { return machine[cpu].kicked || machine[cpu].deadline <= clock_now; }
bool can_run(u32 cpu) { return !machine[cpu].waiting || has_event(cpu); }

/// Some CPU that has something to do, this one last; time passes when none has.
u32 next_cpu() {
    for (;;) {
        u32 start = seed ? static_cast<u32>(random() % cpus) : current_cpu + 1;
        for (u32 i = 0; i < cpus; ++i) {
            u32 cpu = (start + i) % cpus;
            if (cpu != current_cpu && can_run(cpu)) return cpu;
        }
        if (can_run(current_cpu)) return current_cpu;
        u64 earliest = ~u64{0};
        for (u32 cpu = 0; cpu < cpus; ++cpu) earliest = std::min(earliest, machine[cpu].deadline.load());
        if (earliest == ~u64{0}) {
            std::fprintf(stderr, "all CPUs are idle for ever\n");
            std::abort();
        }
        clock_now = earliest;
    }
}

void take_interrupts() {
    SimulatedCpu& self = machine[current_cpu];
    if (self.kicked) {
        self.kicked = false;
        task::on_kick();
    }
    if (self.deadline <= clock_now) {
        self.deadline = ~u64{0};
        clock_now += interrupt_nanoseconds;
        task::on_timer();
    }
}
}  // namespace

void set_cpu_count(u32 count) {
    for (u32 cpu = 1; cpu < count; ++cpu) {
        if (offsets[cpu]) continue;
        auto* copy = static_cast<char*>(std::aligned_alloc(64, align_up(section_size() + 1, 64)));
        std::memcpy(copy, initial, section_size());
        areas[cpu] = copy;
        offsets[cpu] = reinterpret_cast<u64>(copy) - reinterpret_cast<u64>(__start_per_cpu);
    }
    cpus = count;
}
void set_cpu(u32 cpu) { current_cpu = cpu; }
void set_time(u64 nanoseconds) { clock_now = nanoseconds; }
u64 armed_deadline() { return machine[current_cpu].deadline; }
void fire_timer() {
    machine[current_cpu].deadline = ~u64{0};
    spore::time::run_expired();
}
u64 kick_count() { return kicks; }

u64 random() {  // xorshift64 [Marsaglia 2003]
    generator ^= generator << 13, generator ^= generator >> 7, generator ^= generator << 17;
    return generator;
}

void interleave() {
    if (!simulating || !seed || cpus == 1 || random() % 8 != 0) return;
    u32 cpu = static_cast<u32>(random() % cpus);
    if (cpu != current_cpu && can_run(cpu)) change_to(cpu);
}

void spend_in_kernel(Duration span) { clock_now += static_cast<u64>(span.nanoseconds); }

void run_program(Duration span) {
    u64 left = static_cast<u64>(span.nanoseconds);
    program_ran = false;
    task::before_return_to_program();
    while (left > 0) {
        u64 step = std::min<u64>(left, cpus > 1 ? 50'000 : left);
        u64 deadline = machine[current_cpu].deadline;
        if (deadline > clock_now) step = std::min<u64>(step, deadline - clock_now);
        else step = 0;
        clock_now += step;
        left -= step;
        if (step) program_ran = true;
        if (cpus > 1) change_to(next_cpu());
        take_interrupts();
        task::before_return_to_program();
    }
}

bool program_has_run() { return program_ran; }

u32 current_cpu_number() { return current_cpu; }

void start_simulation(const SimulationOptions& options) {
    set_cpu_count(options.cpus);
    seed = options.seed;
    interrupt_nanoseconds = static_cast<u64>(options.interrupt.nanoseconds);
    generator = options.seed * 0x9e37'79b9'7f4a'7c15 + 0x1234'5678'9abc'def1;
    simulating = true;
    for (u32 cpu = 1; cpu < options.cpus; ++cpu) machine[cpu].waiting = true;  // it has not begun
    task::adopt_boot_thread();
    for (u32 cpu = 1; cpu < options.cpus; ++cpu) {
        arch::prepare_context(machine[cpu].place, allocate_fake_stack(), [](void*) { task::run_idle_loop(); }, nullptr);
        machine[cpu].waiting = false;
        change_to(cpu);  // until it waits for the first time
    }
}
}  // namespace spore::fakes

namespace spore::arch {
using namespace fakes;

void relax() {
    if (!simulating) sched_yield();
    else if (cpus > 1) change_to(next_cpu());
}
void wait_for_interrupt() {
    if (!simulating) {
        sched_yield();
        return;
    }
    SimulatedCpu& self = machine[current_cpu];
    self.waiting = true;
    while (!has_event(current_cpu)) change_to(next_cpu());
    self.waiting = false;
    take_interrupts();
}
u64 cycles() { return clock_now; }
u64 monotonic_nanoseconds() {
    interleave();
    return clock_now;
}
u32 cpu_id() {
    interleave();
    return current_cpu;
}
u32 cpu_count() { return cpus; }
u64 per_cpu_offset() {
    interleave();
    return offsets[current_cpu];
}
u64 per_cpu_offset(u32 cpu) { return offsets[cpu]; }
std::atomic<bool>& attention() { return *attention_flag; }
std::atomic<bool>& attention(u32 cpu) { return attention_flag.of(cpu); }
void kick(u32 cpu) {
    ++kicks;
    machine[cpu].kicked = true;
    interleave();
}
void arm_timer(u64 at) { machine[current_cpu].deadline = at; }
}  // namespace spore::arch
