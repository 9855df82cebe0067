// The hardware tells all CPUs what to forget. Only a table that is about to be freed must be left by idle CPUs that keep the last
// program's loaded (most often it comes back at once): they are asked one by one.
#include "active_table.hpp"

#include "../cpu/local.hpp"
#include "../gic/gic.hpp"
#include "arch/narrow_access.hpp"
#include "kernel_map.hpp"
#include "machine_entry.hpp"

extern "C" char empty_root[];

namespace spore::arch {
namespace {

/// Above this many pages, everything of the address space is forgotten.
constexpr u64 full_flush_pages = 64;

constexpr u64 asid_bits(PhysAddr root) { return root.value & ~((u64{1} << asid_shift) - 1); }

void load(u64 root, u64 table) {
    local().table.store(root, std::memory_order_relaxed);
    full_barrier();  // before the first walk; pairs with leave_table
    SPORE_WRITE_SYSTEM(ttbr0_el1, table);
    instruction_barrier();
}

}  // namespace

void enter_table(PhysAddr root) {
    if (local().table.load(std::memory_order_relaxed) == root.value) return;
    load(root.value, root.value);
    // Tables that share ASID 0 would be taken for one another.
    if (!asid_bits(root)) asm volatile("tlbi aside1, xzr\n\tdsb nsh\n\tisb" ::: "memory");
}

void enter_no_table() { load(0, physical(empty_root).value); }

void leave_when_asked() {
    auto& cpu = local();
    u64 asked = cpu.leave.load(std::memory_order_acquire);
    if (!asked) return;
    if (cpu.table.load(std::memory_order_relaxed) == asked) enter_no_table();
    cpu.leave.store(0, std::memory_order_release);  // pairs with the loop in leave_table
}

void leave_table(PhysAddr root) {
    if (local().table.load(std::memory_order_relaxed) == root.value) enter_no_table();
    std::atomic_thread_fence(std::memory_order_seq_cst);  // pairs with load()
    for (u32 id = 0; id < cpu_count(); ++id) {
        auto& cpu = cpu_local(id);
        if (&cpu == &local() || cpu.table.load(std::memory_order_relaxed) != root.value) continue;
        // Others may be asking it, too.
        for (u64 nobody = 0; !cpu.leave.compare_exchange_weak(nobody, root.value, std::memory_order_acq_rel); nobody = 0) relax();
        send_interrupt(cpu, interrupt::leave);
        while (cpu.leave.load(std::memory_order_acquire) == root.value) relax();
    }
}

void flush_table(PhysAddr root, VirtAddr start, VirtAddr end) {
    store_barrier();
    if ((end - start) / page_size > full_flush_pages) {
        asm volatile("tlbi aside1is, %0" : : "r"(asid_bits(root)) : "memory");
    } else {
        for (u64 at = start.value; at < end.value; at += page_size)
            asm volatile("tlbi vae1is, %0" : : "r"(asid_bits(root) | at >> page_shift) : "memory");
    }
    full_barrier();
    instruction_barrier();
}

/// A permission fault leaves the TLB as it is, so the access would fault for as long as the entry stays there [arm/DDI0487 D8.16].
void forget_narrower(const PageTable& table, VirtAddr at) { table.flush(at, at + page_size); }

void flush_kernel(VirtAddr start, VirtAddr end) {
    constexpr u64 address_bits = (u64{1} << 44) - 1;
    store_barrier();
    for (u64 at = start.value; at < end.value; at += page_size)
        asm volatile("tlbi vaae1is, %0" : : "r"(at >> page_shift & address_bits) : "memory");
    full_barrier();
    instruction_barrier();
}

}  // namespace spore::arch
