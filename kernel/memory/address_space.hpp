// What a program's addresses mean: areas (VMAs) in a balanced tree, filled page by page as they are touched.
#pragma once

#include "arch/mmu.hpp"
#include "base/owned.hpp"
#include "base/bytes.hpp"
#include "kernel/memory/page_cache.hpp"

namespace spore::memory {

/// What an area shows. Keeps the file that it maps alive.
class MappedObject : public Counted {
public:
    virtual ~MappedObject() = default;
    virtual PageCache& pages() = 0;
    /// Bytes that exist; touching a page wholly beyond gives SIGBUS.
    virtual u64 size() const = 0;
    /// For /proc/self/maps: the path, and the inode's number and device.
    virtual void describe(std::span<char>& path, u64& inode, u64& device) const = 0;
};

enum class Sharing : u8 { privately, shared };
/// How mmap chooses the address.
enum class Placement : u8 { anywhere, exactly, exactly_if_free };

struct MapRequest {
    VirtAddr hint{};
    u64 size = 0;  ///< bytes; rounded up to pages
    arch::Access access;
    arch::Access access_limit{true, true, true};  ///< what mprotect may widen it to (a file opened read-only, mapped shared)
    Sharing sharing = Sharing::privately;
    Placement placement = Placement::anywhere;
    Shared<MappedObject> object{};  ///< null: anonymous
    u64 offset = 0;                 ///< bytes into the object; a multiple of page_size
    bool populate = false;
    bool grows_down = false;        ///< a stack
    const char* name = "";          ///< for /proc/self/maps: "[stack]", "[heap]", "[vdso]"
};

/// Why a fault could not be served; the ABI turns it into a signal.
enum class FaultOutcome : u8 { served, no_area, access_denied, beyond_object, no_memory };

class AddressSpace final : public Counted {
public:
    static Result<Shared<AddressSpace>> create();
    ~AddressSpace();

    Result<VirtAddr> map(const MapRequest& request);
    Result<void> unmap(VirtAddr start, u64 size);
    Result<void> protect(VirtAddr start, u64 size, arch::Access access);
    /// mremap: `new_address` null lets the kernel move it only if `may_move`; otherwise it is moved exactly there.
    Result<VirtAddr> remap(VirtAddr start, u64 old_size, u64 new_size, bool may_move, const VirtAddr* new_address);
    /// MADV_DONTNEED and MADV_FREE.
    Result<void> discard(VirtAddr start, u64 size);
    /// MADV_WILLNEED, MAP_POPULATE, mlock.
    Result<void> populate(VirtAddr start, u64 size);
    /// mincore: one byte per page. no_memory when part of it is not mapped.
    Result<void> residency(VirtAddr start, u64 size, std::span<u8> out);
    /// The program break. Moves it where possible; the break after the call.
    VirtAddr set_break(VirtAddr wanted);
    void initialise_break(VirtAddr start);

    /// A page fault on this address space. May sleep.
    FaultOutcome handle_fault(VirtAddr at, arch::Access wanted);

    /// A copy for fork: private pages are shared copy-on-write.
    Result<Shared<AddressSpace>> fork();

    /// Reads or writes another program's memory (ptrace, process_vm_readv, core files), whatever is current.
    Result<std::size_t> read(VirtAddr from, MutableByteSpan into);

    struct AreaInfo {
        VirtAddr start, end;
        arch::Access access;
        Sharing sharing;
        u64 offset;
        MappedObject* object;  ///< null when anonymous; borrowed while the visitor runs
        const char* name;
    };
    using Visitor = void (*)(void* context, const AreaInfo& area);
    void visit_areas(Visitor visitor, void* context);

    struct Use {
        u64 virtual_bytes, resident_bytes, peak_resident_bytes, data_bytes, stack_bytes, shared_bytes;
    };
    Use use() const;
    /// Limits from setrlimit (RLIMIT_AS, RLIMIT_DATA, RLIMIT_STACK).
    void set_limits(u64 address_space, u64 data, u64 stack);

    arch::PageTable& page_table() { return page_table_; }

private:
    explicit AddressSpace(arch::PageTable table) : page_table_(std::move(table)) {}
    arch::PageTable page_table_;
    // kernel/memory's own: the area tree, its lock, counters.
};

}  // namespace spore::memory
