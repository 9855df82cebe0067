// A CPU that wants others to forget translations posts a request and interrupts them. A CPU in the kernel has interrupts off, but spins
// on locks only with relax(), which serves requests: so nobody waits for somebody who waits for him.
//
// Idle CPUs keep the last program's table loaded (most often it comes back at once); leave_table moves them off it.
#include "flush.hpp"

#include <atomic>

#include "arch/narrow_access.hpp"
#include "kernel/sync/spin.hpp"
#include "machine_cpu.hpp"
#include "translation.hpp"

namespace spore::arch {
namespace {

/// One request at a time is under way; its CPUs count down `pending`.
struct Request {
    PhysAddr root;  ///< 0: the kernel's half
    u64 start = 0, end = 0;
    bool leave = false;
};
constinit Request request{};
constinit std::atomic<u64> targets = 0;  ///< CPUs that have not served the request yet, one bit each
constinit sync::Spin request_lock;

/// What each CPU has loaded, for others to read.
constinit std::atomic<u64> loaded[max_cpus];

void load(u64 root) {
    auto& cpu = local();
    cpu.page_table = root;
    loaded[cpu.id].store(root, std::memory_order_seq_cst);  // before the first walk; pairs with the scan in ask_others
    use_table(root);
}

void ask_others(const Request& wanted) {
    if (wanted.leave) note_end(wanted.root.value);
    else note_flush(wanted.root.value, wanted.start, wanted.end);
    u32 count = cpu_count();
    if (count == 1) return;
    Guard guard(request_lock);
    std::atomic_thread_fence(std::memory_order_seq_cst);  // table changes before the scan; pairs with load()
    u64 set = 0;
    for (u32 cpu = 0; cpu < count; ++cpu)
        if (cpu != local().id && (!wanted.root.value || loaded[cpu].load(std::memory_order_relaxed) == wanted.root.value)) set |= u64{1} << cpu;
    if (!set) return;
    request = wanted;
    targets.store(set, std::memory_order_release);  // publishes `request`; pairs with serve_flushes
    for (u32 cpu = 0; cpu < count; ++cpu)
        if (set >> cpu & 1) interrupt_for_flush(cpu);
    while (targets.load(std::memory_order_acquire)) rest();  // nobody else can post: request_lock is ours
}

}  // namespace

void serve_flushes() {
    u64 mine = u64{1} << local().id;
    if (!(targets.load(std::memory_order_acquire) & mine)) return;
    // Since it was asked, this CPU may have gone over to another table, which it must keep.
    if (!request.leave) flush_here(request.start, request.end);
    else if (local().page_table == request.root.value) load(table_without_program());
    targets.fetch_and(~mine, std::memory_order_release);  // pairs with the loop in ask_others
}

void enter_table(PhysAddr root) {
    if (local().page_table != root.value) load(root.value);
}

void leave_table(PhysAddr root) {
    if (local().page_table == root.value) load(table_without_program());
    ask_others({root, 0, 0, true});
}

[[gnu::always_inline]] void flush_table(PhysAddr root, VirtAddr start, VirtAddr end) {
    if (local().page_table == root.value) flush_here(start.value, end.value);
    ask_others({root, start.value, end.value, false});
}

/// A page fault drops what the TLB has of the address [intel/vol3 4.10.4.1]; on linuxu the host's does.
void forget_narrower(const PageTable&, VirtAddr) {}

void flush_kernel(VirtAddr start, VirtAddr end) {
    flush_here(start.value, end.value);
    ask_others({{}, start.value, end.value, false});
}

}  // namespace spore::arch
