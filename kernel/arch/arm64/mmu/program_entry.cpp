#include "../cpu/features.hpp"
#include "../instructions.hpp"
#include "../mode.hpp"
#include "active_table.hpp"
#include "asid.hpp"
#include "machine_entry.hpp"

namespace spore::arch {

using namespace page_bit;

bool can_check_branch_targets() { return features.branch_targets; }

u64 entry_bits(Access access, std::size_t size) {
    bool any = access.read || access.write || access.execute;
    u64 bits = reserved | inner_shareable | accessed | not_global;
    if (any) bits |= valid;
    if (size == page_size) bits |= table_or_page;
    if (!access.write) bits |= read_only;
    if (access.branch_targets && can_check_branch_targets()) bits |= page_bit::branch_targets;
    // What EL0 may write EL1 never executes, so a fused program's pages are EL1's alone.
    if (mode() == abi::Mode::guarded) bits |= programs | kernel_no_execute | (access.execute ? 0 : program_no_execute);
    else bits |= program_no_execute | (access.execute ? 0 : kernel_no_execute);
    return bits;
}

Access access_of(TableEntry entry) {
    bool present = entry.present();
    u64 no_execute_here = entry.bits & programs ? program_no_execute : kernel_no_execute;
    return {.read = present, .write = present && !(entry.bits & read_only), .execute = present && !(entry.bits & no_execute_here),
            .branch_targets = (entry.bits & page_bit::branch_targets) != 0};
}

Result<PhysAddr> create_root() {
    auto root = TRY(allocate_table());
    return root + (u64{take_asid()} << asid_shift);
}

void free_root(PhysAddr root) {
    give_back_asid(static_cast<u16>(root.value >> asid_shift));
    free_table({root.value & ((u64{1} << asid_shift) - 1)});
}

void set_entry(PhysAddr root, VirtAddr at, TableEntry& entry, u64 bits) {
    TableEntry old = entry;
    bool other_memory = old.present() && (old.frame() != TableEntry{bits}.frame() || (old.bits & table_or_page) != (bits & table_or_page));
    if (other_memory) {
        __atomic_store_n(&entry.bits, 0, __ATOMIC_RELAXED);
        flush_table(root, at, at + page_size);
    }
    asm volatile("dmb ishst" ::: "memory");  // a new table is empty before it is walked
    __atomic_store_n(&entry.bits, bits, __ATOMIC_RELAXED);
    store_barrier();  // else this CPU's own walk may miss it and fault once more
}

}  // namespace spore::arch
