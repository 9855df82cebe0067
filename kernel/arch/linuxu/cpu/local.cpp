#include "local.hpp"

#include <poll.h>
#include <sys/mman.h>

#include "../../isa/x86_64/instructions.hpp"
#include "../../isa/x86_64/mmu/flush.hpp"
#include "../host/call.hpp"
#include "../mmu/host_map.hpp"
#include "../trap/interrupts.hpp"
#include "../trap/signals.hpp"
#include "arch/boot.hpp"
#include "arch/mmu.hpp"
#include "kernel/core/panic.hpp"

extern "C" spore::i64 host_call_unless(const std::atomic<spore::u32>* news, spore::u64 number, spore::u64 first, spore::u64 second, spore::u64 third,
                                       spore::u64 fourth);

namespace spore::arch {

void become_cpu(CpuLocal& cpu) {
    i64 got = host::call(SYS_mmap, &this_cpu, sizeof(CpuLocal), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, host_memory.file, physical(&cpu).value);
    if (got < 0) core::panic("the host does not map a CPU's memory");
    for (int base : {0x1001 /* ARCH_SET_GS */, 0x1002 /* ARCH_SET_FS */}) host::call(SYS_arch_prctl, base, 0);  // what the parent had is not this CPU's
    this_cpu.timer_wanted = this_cpu.timer_armed = no_timer;
    begin_process();
}

u32 cpu_id() { return local().id; }
u64 per_cpu_offset() { return local().per_cpu_offset; }
std::atomic<bool>& attention() { return local().attention; }

void relax() {
    constexpr u32 patience = 256;  // then the one that is waited for may need the host's processor that this CPU has
    if (++local().relaxed % patience == 0) host::call(SYS_sched_yield);
    else pause();
    if (local().news.load(std::memory_order_relaxed) & news::flush) serve_flushes();
}

void wait_for_interrupt() {
    host_call_unless(&local().news, SYS_ppoll, 0, 0, 0, 0);  // until a signal comes
    handle_news();
}

/// News that has not been looked at yet has a signal on its way already. So signals stay few, which matters where the other is in the middle of one:
/// each that comes then takes a piece of its signal stack.
void send_news(u32 cpu, u32 news) {
    auto& other = cpu_local(cpu);
    u32 before = other.news.fetch_or(news, std::memory_order_acq_rel);  // with what they are of; pairs with handle_news()
    if (!(before & news)) host::call(SYS_kill, other.processes.number(), kick_signal);
}

void kick(u32 cpu) { send_news(cpu, news::kick); }

void stop_other_cpus() {
    for (u32 cpu = 0; cpu < cpu_count(); ++cpu)
        if (cpu != cpu_id()) host::call(SYS_kill, cpu_local(cpu).processes.number(), SIGSTOP);
}

void choose_mode(abi::Mode mode) {
    if (mode != abi::Mode::fused) core::panic("a Linux process has one privilege level only: run with --mode fused");
}

}  // namespace spore::arch
