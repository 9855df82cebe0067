// Address translation. A PageTable is one program's half of the address space; the kernel's half is the same in all.
#pragma once

#include "base/result.hpp"
#include "base/types.hpp"
#include "machine_layout.hpp"  // program_start, program_end: each machine's

namespace spore::arch {

/// What a page may be used for. On fused images programs run privileged, and the machine maps accordingly.
struct Access {
    bool read : 1 = false;
    bool write : 1 = false;
    bool execute : 1 = false;
    bool branch_targets : 1 = false;  ///< computed branches may only lead to marked places, where can_check_branch_targets()
    friend constexpr bool operator==(Access, Access) = default;
};

bool can_check_branch_targets();

inline constexpr std::size_t large_page_size = 2_MiB;

/// All physical memory, as the kernel sees it: always mapped, never executable.
void* direct(PhysAddr address);
PhysAddr physical(const void* direct_mapped);
/// [start, end) is used for the first time. Only where memory_comes_by_touch; not more than advice.
void bring_memory(PhysAddr start, PhysAddr end);

/// Where kernel stacks are mapped: a part of the kernel's half that the machine keeps free for it.
extern const u64 kernel_stack_region_start;
inline constexpr u64 kernel_stack_region_size = 1_GiB;
/// Maps one page of the kernel's half, the same in all tables. no_memory when a table cannot be made. The caller serialises.
Result<void> map_kernel_page(VirtAddr at, PhysAddr frame, Access access);
/// Takes the page out, on every CPU; what was mapped there.
PhysAddr unmap_kernel_page(VirtAddr at);

struct Mapping {
    PhysAddr frame;
    std::size_t size;  ///< page_size or large_page_size
    Access access;
    bool dirty;
    bool accessed;
};

/// The caller serialises changes (AddressSpace's lock) and calls flush() before it reuses what was unmapped or narrowed.
class PageTable {
public:
    /// Empty; shares the kernel's half.
    static Result<PageTable> create();
    PageTable(PageTable&& other) noexcept : root_(other.root_) { other.root_ = {}; }
    PageTable& operator=(PageTable&&) = delete;
    /// Frees the tables, not the frames that they map.
    ~PageTable();

    /// Maps one page of `size` at `at`, replacing what was there. no_memory when a table is missing and cannot be made.
    Result<void> map(VirtAddr at, PhysAddr frame, Access access, std::size_t size = page_size);
    /// Takes out the page that holds `at` and says what it was; a size of 0 means nothing was mapped.
    Mapping unmap(VirtAddr at);
    /// Changes access of the page that holds `at`, if one is mapped. Splits nothing: the caller asks for whole large pages.
    void protect(VirtAddr at, Access access);
    /// What is mapped at `at`; size 0 when nothing is.
    Mapping query(VirtAddr at) const;
    /// Clears the accessed and dirty bits of the page that holds `at`.
    void clean(VirtAddr at);
    /// The first mapped page at or after `from` and below `end`, or `end`: skips whole empty tables.
    VirtAddr next_mapped(VirtAddr from, VirtAddr end) const;
    /// Replaces a large page by the same memory in small ones. no_memory when the table cannot be made.
    Result<void> split(VirtAddr at);

    /// Makes this CPU translate with this table.
    void activate() const;
    /// Drops stale translations of [start, end) on every CPU that uses this table. Returns when all have.
    void flush(VirtAddr start, VirtAddr end) const;

    /// Identifies the table to the machine (x86-64: the physical address for CR3).
    PhysAddr root() const { return root_; }

private:
    explicit PageTable(PhysAddr root) : root_(root) {}
    PhysAddr root_;
};

/// Frames for translation tables, filled with zeros. Implemented by kernel/memory.
Result<PhysAddr> allocate_table();
void free_table(PhysAddr table);

/// Makes a device's registers reachable, uncached. Never undone.
Result<void*> map_device(PhysAddr at, std::size_t size);

}  // namespace spore::arch
