// What a program's addresses mean: areas (VMAs) in a balanced tree, filled page by page as they are touched.
#pragma once

#include "arch/mmu.hpp"
#include "base/owned.hpp"
#include "base/bytes.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/memory/page_cache.hpp"
#include "kernel/sync/mutex.hpp"

namespace spore::memory {

/// What an area shows. Keeps the file that it maps alive.
class MappedObject : public Counted {
public:
    virtual ~MappedObject() = default;
    virtual PageCache& pages() = 0;
    /// Bytes that exist; touching a page wholly beyond gives SIGBUS.
    virtual u64 size() const = 0;
    /// Writes changed pages back to where they come from. May sleep.
    virtual Result<void> write_back() { return {}; }
    /// A page is written to through a shared mapping, for the first time since it was mapped. With the address space locked: must not sleep.
    virtual void written() {}
    /// For /proc/self/maps: the path, and the inode's number and device.
    virtual void describe(std::span<char>& path, u64& inode, u64& device) const = 0;
};

enum class Sharing : u8 { privately, shared };
/// How mmap chooses the address.
enum class Placement : u8 { anywhere, exactly, exactly_if_free };

struct MapRequest {
    VirtAddr hint{};
    VirtAddr from{}, below{};  ///< if `below` is not 0: the part of the addresses to choose from (Placement::anywhere)
    u64 size = 0;  ///< bytes; rounded up to pages
    arch::Access access;
    arch::Access access_limit{true, true, true};  ///< what mprotect may widen it to (a file opened read-only, mapped shared)
    Sharing sharing = Sharing::privately;
    Placement placement = Placement::anywhere;
    Shared<MappedObject> object{};  ///< null: anonymous
    u64 offset = 0;                 ///< bytes into the object; a multiple of page_size
    bool populate = false;
    bool locked = false;            ///< MAP_LOCKED
    bool grows_down = false;        ///< a stack
    bool no_reserve = false;        ///< MAP_NORESERVE
    const char* name = "";          ///< for /proc/self/maps: "[stack]", "[heap]", "[vdso]"
};

struct Area;
class AreaSet;

/// Why a fault could not be served; the ABI turns it into a signal.
enum class FaultOutcome : u8 { served, no_area, access_denied, beyond_object, no_memory };

/// What becomes of the place that mremap moves pages from.
enum class OldPlace : u8 { unmapped, kept };

class AddressSpace final : public Counted {
public:
    static Result<Shared<AddressSpace>> create();
    ~AddressSpace();

    Result<VirtAddr> map(const MapRequest& request);
    Result<void> unmap(VirtAddr start, u64 size);
    Result<void> protect(VirtAddr start, u64 size, arch::Access access);
    /// mremap: `new_address` null lets the kernel move it only if `may_move`; otherwise it is moved exactly there. What is `kept` is moved in
    /// any case, and keeps its size: the old place stays mapped, without its pages.
    Result<VirtAddr> remap(VirtAddr start, u64 old_size, u64 new_size, bool may_move, const VirtAddr* new_address, OldPlace old = OldPlace::unmapped);
    /// MADV_DONTNEED and MADV_FREE.
    Result<void> discard(VirtAddr start, u64 size);
    /// MADV_WILLNEED, MAP_POPULATE, mlock.
    Result<void> populate(VirtAddr start, u64 size);
    /// What mlock and munlock say of whole pages: they count as locked, up to the limit, or do not any more. no_memory when part of it is not
    /// mapped, which ends it there, or beyond the limit. Nothing is ever paged out: what is locked is only counted.
    Result<void> set_locked(VirtAddr start, u64 size, bool locked);
    /// mlockall and munlockall: of what is mapped now, and of what will be.
    enum class LockFuture : u8 { no, on_fault, at_once };
    Result<void> set_all_locked(bool locked);
    void lock_future(LockFuture how);
    /// MADV_DODUMP and MADV_DONTDUMP: whether core files show it. no_memory when part of it is not mapped, which ends it there.
    Result<void> set_dumped(VirtAddr start, u64 size, bool dumped);
    /// Bytes that may be locked (RLIMIT_MEMLOCK), from the next call on.
    void set_lock_limit(u64 bytes);
    /// mincore: one byte per page. no_memory when part of it is not mapped.
    Result<void> residency(VirtAddr start, u64 size, std::span<u8> out);
    /// msync: writes what was changed here through shared mappings back to where it comes from.
    Result<void> write_back(VirtAddr start, u64 size);
    /// The program break. Moves it where possible; the break after the call.
    VirtAddr set_break(VirtAddr wanted);
    void initialise_break(VirtAddr start);

    /// A page fault on this address space. May sleep.
    FaultOutcome handle_fault(VirtAddr at, arch::Access wanted);

    /// A copy for fork: private pages are shared copy-on-write.
    Result<Shared<AddressSpace>> fork();

    /// The page at `at` as it is now, for those who go on reading it after the call. bad_address, no_memory.
    Result<FrameRef> hold_page(VirtAddr at);

    /// Reads or writes another program's memory (ptrace, process_vm_readv, core files), whatever is current.
    Result<std::size_t> read(VirtAddr from, MutableByteSpan into);
    Result<std::size_t> write(VirtAddr to, ByteSpan from);

    struct AreaInfo {
        VirtAddr start, end;
        arch::Access access;
        Sharing sharing;
        u64 offset;
        MappedObject* object;  ///< null when anonymous; borrowed while the visitor runs
        const char* name;
        bool locked;
        bool dumped;
    };
    /// Called with the address space locked.
    using Visitor = void (*)(void* context, const AreaInfo& area);
    void visit_areas(Visitor visitor, void* context);
    /// The same for up to `most` of those that end above `from`. Where the last one ends: to go on from there, or `from` when there was none.
    VirtAddr visit_some_areas(VirtAddr from, u64 most, Visitor visitor, void* context);
    /// Whether there is no hole in a range.
    bool is_mapped(VirtAddr start, u64 size);
    /// The one at an address; false when nothing is mapped there.
    bool visit_area_at(VirtAddr at, Visitor visitor, void* context);

    struct Use {
        u64 virtual_bytes, resident_bytes, peak_resident_bytes, data_bytes, stack_bytes, locked_bytes, code_bytes;
    };
    Use use() const;
    /// Limits from setrlimit (RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK).
    void set_limits(u64 address_space, u64 data, u64 stack);

    arch::PageTable& page_table() { return page_table_; }

    /// Where mmap places what may go anywhere: below this address, downwards. Randomness comes from the caller.
    void set_mmap_base(VirtAddr top);

    /// For PageCache::drop: takes pages [first, end) of `cache` out of every area that shows them.
    void unmap_pages_of(PageCache& cache, u64 first, u64 end, PrivateCopies copies);

    AddressSpace(arch::PageTable table, Owned<AreaSet> areas);

private:
    /// A page that must be loaded before the fault can go on, with the mutex released.
    struct Load {
        Shared<MappedObject> object;
        u64 index = 0;
    };
    class Change;
    class Unmapped;
    class Narrowed;

    // areas.cpp
    Result<void> split_at(u64 at);
    Result<void> split_large_page(u64 at);
    void attach(Area& area, u64 passes = ~u64{0});
    void remove(Area& area);
    bool absorb(Area* left, Area* right);
    void merge_around(u64 start, u64 end);
    Result<u64> find_gap(u64 size, u64 alignment);
    u64 gap_below(u64 top, u64 size, u64 alignment);
    bool is_covered(u64 start, u64 end);
    void account(const Area& area, i64 bytes);
    Result<void> check_limits(u64 size, const Area& area) const;
    /// would_block when so much more may not be locked.
    Result<void> check_lock_limit(u64 size) const;
    void mark_locked(u64 start, u64 end, bool locked);
    Result<u64> find_gap_between(u64 low, u64 high, u64 size);
    Result<u64> choose_place(const MapRequest& request, u64 size);

    // mapping.cpp, protect.cpp, remap.cpp
    Result<void> map_area(Owned<Area> area);
    Result<void> unmap_locked(u64 start, u64 end);
    void zap(u64 start, u64 end, PrivateCopies copies = PrivateCopies::dropped);
    bool protect_pages(Area& area);
    Result<VirtAddr> move(u64 from, u64 old_size, u64 new_size, u64 to, OldPlace old_place);
    Result<void> move_pages(u64 from, u64 size, u64 to);
    Result<void> copy_areas_to(AddressSpace& child, Narrowed& narrowed);
    Result<void> share_pages_with(AddressSpace& child, const Area& area, Narrowed& narrowed);

    // fault.cpp
    FaultOutcome fault_locked(u64 page, arch::Access wanted, Load& load);
    Area* area_for_fault(u64 page);
    FaultOutcome fault_anonymous(Area& area, u64 page, arch::Access wanted);
    FaultOutcome fault_object(Area& area, u64 page, arch::Access wanted, Load& load);
    FaultOutcome fault_present(Area& area, u64 page, arch::Access wanted, const arch::Mapping& mapping);
    bool map_large_page(Area& area, u64 page);
    bool map_block(Area& area, u64 page);
    bool copy_block(Area& area, u64 page);
    void widen_block(Area& area, u64 page);
    void map_neighbours(Area& area, u64 page);
    FaultOutcome map_copy(Area& area, u64 page, const std::byte* contents);
    FaultOutcome map_frame(u64 page, FrameRef frame, arch::Access access, std::size_t size = page_size);
    void count_resident(i64 bytes);
    template <typename Copy>
    Result<std::size_t> access_remotely(VirtAddr at, std::size_t size, arch::Access wanted, Copy&& copy);

    arch::PageTable page_table_;
    mutable sync::Mutex mutex_;  ///< guards all below, and changes of page_table_
    Owned<AreaSet> areas_;
    Area* removed_ = nullptr;    ///< areas that Change destroys once the mutex is free
    u64 mmap_base_ = arch::program_end - 1_GiB;
    u64 search_from_ = mmap_base_;  ///< gaps above are at most widest_skipped_ bytes wide
    u64 widest_skipped_ = 0;
    u64 break_start_ = 0, break_ = 0;
    u64 limit_total_ = ~u64{0}, limit_data_ = ~u64{0}, limit_stack_ = 8_MiB;
    u64 limit_locked_ = ~u64{0};
    LockFuture lock_future_ = LockFuture::no;
    Use use_{};
};

}  // namespace spore::memory
