// Barriers of memory accesses, made for other processors by interrupting them [membarrier(2)].
#include "kernel/linux/calls/calls.hpp"
#include "kernel/linux/process/tree.hpp"

namespace spore::linux::calls {

namespace {

/// A command and, one bit above it, the one that registers for it.
enum Command : i32 {
    query = 0, global = 1, global_expedited = 2, register_global_expedited = 4, private_expedited = 8, register_private_expedited = 16,
    private_sync_core = 32, register_private_sync_core = 64, private_rseq = 128, register_private_rseq = 256, get_registrations = 512,
};
constexpr u64 all_commands = 1023;

/// Every other CPU that runs in this address space takes an interrupt, which orders its memory accesses and its instructions. It is made to by
/// flushing one page: whoever asks for that waits until all have answered.
void interrupt_users(memory::AddressSpace& memory) {
    memory.page_table().flush({arch::program_start}, {arch::program_start + page_size});
}

/// CPUs that run no program are ordered by what made them so.
void barrier_everywhere() {
    for (auto process = next_process(1); process; process = next_process(process->id() + 1))
        if (auto memory = process->memory()) interrupt_users(*memory);
}

/// Those that run begin their critical sections anew when they leave the interrupt, the others when they run next.
void restart_sequences(Task& task) {
    {
        TreeGuard guard(tree_lock());
        for (auto& other : task.process().tasks)
            if (&other != &task) other.notice_switch();
    }
    interrupt_users(task.memory());
}

}  // namespace

Result<u64> membarrier(Task& task, i32 command, Flags flags, i32) {
    constexpr u32 one_cpu = 1;  // a request of which more is done than asked: all CPUs
    if (flags & ~(command == private_rseq ? one_cpu : 0)) return fail(Error::invalid);
    auto& registered = task.process().barriers;
    switch (command) {
    case query: return all_commands;
    case get_registrations: {
        // Linux's state for the two special ones holds the plain one's bit, and is reported with it, though that one stays refused.
        u32 own = registered.load(std::memory_order_relaxed);
        return own & (register_private_sync_core | register_private_rseq) ? own | register_private_expedited : own;
    }
    case register_global_expedited:
    case register_private_expedited:
    case register_private_sync_core:
    case register_private_rseq: registered.fetch_or(static_cast<u32>(command), std::memory_order_relaxed); return 0;
    case global:
    case global_expedited: barrier_everywhere(); return 0;
    case private_expedited:
    case private_sync_core:
    case private_rseq:
        if (!(registered.load(std::memory_order_relaxed) & static_cast<u32>(command) << 1)) return fail(Error::not_permitted);
        if (command == private_rseq) restart_sequences(task);
        else interrupt_users(task.memory());
        return 0;
    default: return fail(Error::invalid);
    }
}

}  // namespace spore::linux::calls
