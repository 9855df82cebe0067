#include "processes.hpp"

#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include <new>

#include "../boot/machine.hpp"
#include "../host/call.hpp"
#include "../mmu/host_map.hpp"
#include "../trap/signals.hpp"
#include "kernel/core/panic.hpp"
#include "local.hpp"
#include "timer.hpp"

extern "C" spore::i64 host_clone(spore::u64 flags, void* stack, void (*entry)(void*), void* argument);

namespace spore::arch {
namespace {

constexpr int futex_wait = 0, futex_wake = 1;  // [linux/uapi/linux/futex.h]

Processes& processes() { return local().processes; }
void* waiting_stack() { return own().waiting_stack + sizeof own().waiting_stack; }

void unmap_what_is_due() {
    auto& mine = processes();
    mine.lock.lock();
    auto due = mine.residents.take();
    mine.lock.unlock();
    for (auto range : due) unmap_here(range.start, range.end);
}

/// On the process's own stack: others go on with the one that it came from, and what kernel stacks it has mapped may not be theirs any more.
[[noreturn]] void wait_for_turn() {
    auto& turn = processes().list[own().place].turn;
    while (turn.exchange(0, std::memory_order_acquire) == 0) host::call(SYS_futex, &turn, futex_wait, 0, nullptr);  // pairs with pass_on
    unmap_what_is_due();
    KernelContext left;
    switch_context(left, processes().context);
    __builtin_unreachable();
}

[[noreturn]] void pass_on(void*) {
    auto& next = processes().list[processes().residents.running()].turn;
    next.store(1, std::memory_order_release);
    host::call(SYS_futex, &next, futex_wake, 1);
    wait_for_turn();
}

[[noreturn]] void begin_further(void* place) {
    host::call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (host::call(SYS_getppid) != first_process()) host::call(SYS_exit_group, 1);  // it ended before that
    own().place = static_cast<u32>(reinterpret_cast<u64>(place));
    create_timer();
    processes().is_ready.store(true, std::memory_order_release);  // pairs with add_process
    wait_for_turn();
}

/// Makes a process from this one.
void add_process() {
    auto& mine = processes();
    u32 place = mine.residents.count();
    mine.is_ready.store(false, std::memory_order_relaxed);
    u64 family = is_first() ? 0 : CLONE_PARENT;
    i64 got = host_clone(CLONE_FILES | CLONE_FS | SIGCHLD | family, waiting_stack(), begin_further, reinterpret_cast<void*>(u64{place}));
    if (got < 0) return mine.residents.stop_adding();
    mine.list[place].number = static_cast<i32>(got);
    while (!mine.is_ready.load(std::memory_order_acquire)) relax();
    Guard guard(mine.lock);
    mine.residents.add();
}

}  // namespace

i32 first_process() { return cpu_local(0).processes.list[0].number; }
bool is_first() { return cpu_id() == 0 && own().place == 0; }

void begin_process() {
    constexpr int kind = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    if (host::call(SYS_mmap, kernel_half::own, sizeof(OwnMemory), PROT_READ | PROT_WRITE, kind, -1, 0) < 0)
        core::panic("the host does not map a CPU's memory");
    constexpr Unmappings::Areas areas{{program_start, program_end}, {kernel_half::stacks, kernel_half::stacks + kernel_stack_region_size}};
    auto& first = (new (&processes()) Processes{.residents = Residents(areas)})->list[0];
    first.number = static_cast<i32>(host::call(SYS_getpid));
    use_signal_stack(own().signal_stack, sizeof own().signal_stack);
    create_timer();
}

void enter_process(u64 table) {
    auto& mine = processes();
    // A debugger is told what one process has mapped.
    if (!settings.debugger && mine.residents.wants_more(table)) add_process();
    u32 before = mine.residents.running();
    mine.lock.lock();
    mine.residents.enter(table);
    mine.lock.unlock();
    if (mine.residents.running() == before) return unmap_what_is_due();
    KernelContext next;
    prepare_context(next, waiting_stack(), pass_on, nullptr);
    switch_context(mine.context, next);
}

bool is_waiting() { return own().place != processes().residents.running(); }

}  // namespace spore::arch
