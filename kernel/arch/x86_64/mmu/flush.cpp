// A CPU that wants others to forget translations posts a request and interrupts them. A CPU in the kernel has interrupts off, but spins
// on locks only with relax(), which serves requests: so nobody waits for somebody who waits for him.
//
// Idle CPUs keep the last program's table loaded (most often it comes back at once); leave_table moves them off it.
#include "flush.hpp"

#include <atomic>

#include "../apic/local_apic.hpp"
#include "../cpu/local.hpp"
#include "../instructions.hpp"
#include "../trap/vectors.hpp"
#include "kernel/sync/spin.hpp"

extern "C" spore::u64 kernel_pml4[];

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

constexpr u64 full_flush_pages = 32;

void load(u64 root) {
    auto& cpu = local();
    cpu.page_table = root;
    loaded[cpu.id].store(root, std::memory_order_seq_cst);  // before the first walk; pairs with the scan in ask_others
    write_cr3(root);
}

void flush_here(u64 start, u64 end) {
    if ((end - start) / page_size > full_flush_pages) {
        if (start < program_end) return write_cr3(read_cr3());
        u64 cr4 = read_cr4();
        write_cr4(cr4 ^ 0x80);  // toggling PGE drops global translations too [intel/vol3 4.10.4.1]
        write_cr4(cr4);
        return;
    }
    for (u64 at = start; at < end; at += page_size) invalidate_page(at);
}

void ask_others(const Request& wanted) {
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
        if (set >> cpu & 1) send_interrupt(cpu_local(cpu).apic_id, vector::flush);
    while (targets.load(std::memory_order_acquire)) pause();  // nobody else can post: request_lock is ours
}

}  // namespace

void serve_flushes() {
    u64 mine = u64{1} << local().id;
    if (!(targets.load(std::memory_order_acquire) & mine)) return;
    // Since it was asked, this CPU may have gone over to another table, which it must keep.
    if (!request.leave) flush_here(request.start, request.end);
    else if (local().page_table == request.root.value) load(reinterpret_cast<u64>(kernel_pml4) - 0xffff'ffff'8000'0000);
    targets.fetch_and(~mine, std::memory_order_release);  // pairs with the loop in ask_others
}

void enter_table(PhysAddr root) {
    if (local().page_table != root.value) load(root.value);
}

void leave_table(PhysAddr root) {
    if (local().page_table == root.value) load(reinterpret_cast<u64>(kernel_pml4) - 0xffff'ffff'8000'0000);
    ask_others({root, 0, 0, true});
}

void flush_table(PhysAddr root, VirtAddr start, VirtAddr end) {
    if (local().page_table == root.value) flush_here(start.value, end.value);
    ask_others({root, start.value, end.value, false});
}

void flush_kernel(VirtAddr start, VirtAddr end) {
    flush_here(start.value, end.value);
    ask_others({{}, start.value, end.value, false});
}

}  // namespace spore::arch
