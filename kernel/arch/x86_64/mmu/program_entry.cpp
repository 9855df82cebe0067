#include <cstring>

#include "../mode.hpp"
#include "machine_entry.hpp"

extern "C" spore::arch::TableEntry kernel_pml4[];

namespace spore::arch {

/// Marks of branch targets (IBT) are not used.
bool can_check_branch_targets() { return false; }

u64 entry_bits(Access access, std::size_t size) {
    bool any = access.read || access.write || access.execute;
    u64 bits = page_bit::reserved;
    if (any) bits |= page_bit::present;
    if (access.write) bits |= page_bit::write;
    if (!access.execute) bits |= page_bit::no_execute;
    if (mode() == abi::Mode::guarded) bits |= page_bit::program;
    if (size == large_page_size) bits |= page_bit::large;
    return bits;
}

/// The upper half is copied from the kernel's own table, whose top-level entries never change after boot.
Result<PhysAddr> create_root() {
    constexpr unsigned program_entries = entries_per_table / 2;
    auto root = TRY(allocate_table());
    std::memcpy(root_table(root) + program_entries, kernel_pml4 + program_entries, program_entries * sizeof(TableEntry));
    return root;
}

}  // namespace spore::arch
