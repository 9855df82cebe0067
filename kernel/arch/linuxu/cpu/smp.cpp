// Further CPUs are further processes, which share memory and files with the first but not mappings: so each can run a program of its own.
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "../host/call.hpp"
#include "../mmu/host_map.hpp"
#include "arch/boot.hpp"
#include "kernel/core/log.hpp"
#include "kernel/memory/kernel_stack.hpp"
#include "kernel/task/thread.hpp"
#include "local.hpp"

extern "C" spore::i64 host_clone(spore::u64 flags, void* stack, void (*entry)(void*), void* argument);

namespace spore::arch {
namespace {

constinit u32 arrived = 0;
constinit bool released = false;

[[noreturn]] void run_cpu(void* argument) {
    auto& cpu = *static_cast<CpuLocal*>(argument);
    host::call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (host::call(SYS_getppid) != first_process()) host::call(SYS_exit_group, 1);  // it ended before that
    unmap_here(0, program_end);  // the parent's mappings came along
    become_cpu(cpu);
    __atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE);
    // Others would ask for nothing from a CPU that is not counted yet, so it must not run anything.
    while (!__atomic_load_n(&released, __ATOMIC_ACQUIRE)) relax();
    task::run_idle_loop();
}

bool start_cpu(u32 number) {
    auto cpu = create_local(number);
    auto stack = memory::allocate_kernel_stack();
    if (!cpu || !stack) return false;
    prepare_cpu(**cpu);
    return host_clone(CLONE_FILES | CLONE_FS | SIGCHLD, *stack, run_cpu, *cpu) > 0;
}

}  // namespace

void found_processor(u64) {}

u32 start_cpus(u32 wanted) {
    u32 running = 1;
    while (running < wanted && running < max_cpus && start_cpu(running)) ++running;
    if (running < wanted && running < max_cpus) core::warn("the host gives {} of {} processors", running, wanted);
    while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) + 1 < running) relax();
    count_cpus(running);
    __atomic_store_n(&released, true, __ATOMIC_RELEASE);
    while (static_cast<u32>(std::popcount(task::online_cpus())) < cpu_count()) relax();
    return cpu_count();
}

}  // namespace spore::arch
