// Making, starting and measuring threads, and what their program may set about them.
#include "kernel/task/thread.hpp"

#include <algorithm>

#include "base/types.hpp"
#include "kernel/core/trace.hpp"
#include "kernel/memory/kernel_stack.hpp"
#include "kernel/sync/count.hpp"
#include "kernel/task/scheduler.hpp"

namespace spore::task {

namespace {
constinit std::atomic<u64> last_space_number = 0;
/// Of those that there are since boot, mostly; who comes later is recorded when it begins.
constinit std::atomic<const char*> kernel_thread_names[24] = {};
constinit std::atomic<u32> next_kernel_thread = abi::first_kernel_thread;
}  // namespace

u64 new_space_number() { return last_space_number.fetch_add(1, std::memory_order_relaxed) + 1; }

Result<void*> Scheduler::take_stack() {
    Cpu& cpu = here();
    if (cpu.spare_stack_count > 0) return memory::wake_kernel_stack(cpu.spare_stacks[--cpu.spare_stack_count]);
    return memory::allocate_kernel_stack();
}

void Scheduler::give_stack(void* top) {
    memory::rest_kernel_stack(top);
    Cpu& cpu = here();
    if (cpu.spare_stack_count < std::size(cpu.spare_stacks)) cpu.spare_stacks[cpu.spare_stack_count++] = top;
    else memory::free_kernel_stack(top);
}

Result<Owned<Thread>> Thread::create(const char* name, void (*entry)(void*), void* argument, ThreadOwner* owner) {
    auto* made = new (std::nothrow) Thread;
    if (!made) return fail(Error::no_memory);
    Owned<Thread> thread(made);
    thread->name_ = name;
    thread->entry_ = entry;
    thread->argument_ = argument;
    thread->owner_ = owner;
    thread->cpu_.store(arch::cpu_id(), std::memory_order_relaxed);
    thread->set_nice(0);
    if (!owner) thread->take_kernel_number();
    thread->stack_top_ = TRY(Scheduler::take_stack());
    if (owner) {
        thread->program_state_ = arch::create_program_state();
        if (!thread->program_state_) return fail(Error::no_memory);
    }
    // The program's registers keep their place at the top.
    u64 start = align_down(reinterpret_cast<u64>(thread->stack_top_) - (owner ? sizeof(arch::TrapFrame) : 0), 16);
    arch::prepare_context(thread->context_, reinterpret_cast<void*>(start), Scheduler::run_thread, made);
    return thread;
}

[[gnu::cold, gnu::noinline]] void Thread::take_kernel_number() {
    number_ = next_kernel_thread.fetch_add(1, std::memory_order_relaxed);
    if (u32 index = number_ - abi::first_kernel_thread; index < std::size(kernel_thread_names)) kernel_thread_names[index].store(name_, std::memory_order_relaxed);
    core::trace_thread(core::TracePoint::thread_begin, number_, 0, name_);
}

[[gnu::cold]] void trace_kernel_threads() {
    for (u32 index = 0; index < std::size(kernel_thread_names); ++index)
        if (auto* name = kernel_thread_names[index].load(std::memory_order_relaxed)) core::trace_thread(core::TracePoint::thread_name, abi::first_kernel_thread + index, 0, name);
}

Thread::~Thread() {
    if (program_state_) arch::destroy_program_state(program_state_);
    if (stack_top_) Scheduler::give_stack(stack_top_);
}

Result<void> Thread::inherit_program_state() {
    Thread& parent = current();
    arch::save_program_state(*parent.program_state_);
    arch::ProgramState* copy = arch::clone_program_state(*parent.program_state_);
    if (!copy) return fail(Error::no_memory);
    arch::destroy_program_state(program_state_);
    program_state_ = copy;
    return {};
}

void Thread::inherit_scheduling() {
    auto& maker = current();
    set_nice(maker.nice());
    affinity_.store(maker.affinity(), std::memory_order_relaxed);
}

void store_program_state() { arch::save_program_state(*current().program_state()); }
[[gnu::always_inline]] void load_program_state() { Scheduler::load_registers(Scheduler::here(), current()); }

void change_space() {
    ThreadOwner& owner = *current().owner();
    owner.activate();
    Scheduler::here().space = owner.space_number();
}

void start(Owned<Thread> thread) { Scheduler::start(*thread.release()); }

void Thread::interrupt() {
    interrupted_.store(true, std::memory_order_seq_cst);
    if (Scheduler::wake(*this)) return;
    // It runs, or will: on a CPU that passes leave_to_program soon, unless it is in program code now.
    u32 cpu = cpu_.load(std::memory_order_seq_cst);  // pairs with switch_to()
    if (cpu != arch::cpu_id()) arch::kick(cpu);
}

Result<void> Thread::set_affinity(CpuSet cpus) {
    if (!(cpus & online_cpus())) return fail(Error::invalid);
    (void)affinity_.exchange(cpus, std::memory_order_seq_cst);  // an exchange, for the reason that prepare() gives
    u32 cpu = cpu_.load(std::memory_order_seq_cst);
    if (cpus & cpu_bit(cpu)) return {};
    arch::attention(cpu).store(true, std::memory_order_seq_cst);
    if (cpu != arch::cpu_id()) arch::kick(cpu);
    return {};
}

void Thread::set_nice(int nice) {
    nice = std::clamp(nice, -20, 19);
    nice_.store(static_cast<i8>(nice), std::memory_order_relaxed);
    // Each step is a quarter, as in Linux's weights; bounded, since a slice is also how long others wait.
    u64 slice = 4'000'000;
    for (int i = nice; i < 0; ++i) slice = slice * 5 / 4;
    for (int i = nice; i > 0; --i) slice = slice * 4 / 5;
    slice_nanoseconds_.store(static_cast<u32>(std::clamp<u64>(slice, 250'000, 40'000'000)), std::memory_order_relaxed);
}

Duration Thread::run_time() const {
    return Scheduler::run_time(*this);
}

Duration Scheduler::run_time(const Thread& thread) {
    // One word tells whether it runs, since when, and what it ran before: another CPU may switch meanwhile.
    auto ran = static_cast<i64>(thread.run_nanoseconds_.load(std::memory_order_relaxed));
    if (ran < 0) ran += static_cast<i64>(arch::monotonic_nanoseconds() + 1);
    return Duration::ns(ran);
}

void on_timer() {
    sync::count(Scheduler::here().timer_interrupts);
    time::run_expired();
}

// What else the kick was for has been noted where before_return_to_program() or the idle loop looks.
void on_kick() {
    sync::count(Scheduler::here().kicks);
    time::on_kick();
}

}  // namespace spore::task
