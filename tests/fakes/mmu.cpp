#include "tests/fakes/mmu.hpp"

#include <sys/mman.h>

#include <cstdlib>
#include <map>
#include <mutex>
#include <optional>

#include "arch/kernel_pages.hpp"
#include "arch/narrow_access.hpp"
#include "kernel/core/panic.hpp"
#include "kernel/memory/fault_injection.hpp"
#include "kernel/memory/frame.hpp"

namespace spore::fakes {
namespace {

std::byte* arena = nullptr;
u64 flushes = 0;
thread_local PhysAddr active{};

struct Entry {
    u64 frame;
    std::size_t size;
    arch::Access access;
    bool dirty = false, accessed = false;
    std::optional<arch::Access> remembered{};  ///< by a CPU since its last look; as on arm64, a fault does not change that

    bool allows(arch::Access wanted) {
        if (!remembered) remembered = access;
        auto serves = [wanted](arch::Access a) { return (!wanted.read || a.read) && (!wanted.write || a.write) && (!wanted.execute || a.execute); };
        return serves(*remembered) && serves(access);
    }
};
struct Table {
    std::map<u64, Entry> pages;
    std::mutex lock;
};
Table& table_at(PhysAddr root) { return *reinterpret_cast<Table*>(root.value); }

std::map<u64, Entry>::iterator page_at(Table& table, u64 at) {
    auto found = table.pages.upper_bound(at);
    if (found == table.pages.begin()) return table.pages.end();
    --found;
    return at - found->first < found->second.size ? found : table.pages.end();
}

/// Other parts' tests find memory without asking for it.
[[gnu::constructor]] void boot() { reset_memory(); }

}  // namespace

void reset_memory(u64 size) {
    if (arena) munmap(arena, physical_size);
    auto flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    void* at = mmap(arena, physical_size, PROT_READ | PROT_WRITE, flags, -1, 0);
    ASSERT(at != MAP_FAILED);
    arena = static_cast<std::byte*>(at);
    memory::forget_heap();
    memory::forget_memory();
    if (size) memory::add_memory({memory_start}, {memory_start + size}, {memory_start}, {memory_start + size});
}
u64 flush_count() { return flushes; }
PhysAddr active_table() { return active; }

std::byte* translate(VirtAddr at, arch::Access wanted) {
    if (!active.value) return nullptr;
    auto& table = table_at(active);
    std::scoped_lock guard(table.lock);
    auto found = page_at(table, at.value);
    if (found == table.pages.end()) return nullptr;
    auto& entry = found->second;
    if (!entry.allows(wanted)) return nullptr;
    entry.accessed = true;
    entry.dirty |= wanted.write;
    return static_cast<std::byte*>(arch::direct({entry.frame + (at.value - found->first)}));
}
}  // namespace spore::fakes

namespace spore::arch {
using namespace fakes;

// Kernel stacks are host memory that stands in for the frames; a page without a mapping cannot be touched.
const u64 kernel_stack_region_start = reinterpret_cast<u64>(
    mmap(nullptr, kernel_stack_region_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
namespace {
std::map<u64, PhysAddr> kernel_pages;
}
Result<void> map_kernel_page(VirtAddr at, PhysAddr frame, Access) {
    if (memory::must_fail()) return fail(Error::no_memory);
    ASSERT(mprotect(at.as<void>(), page_size, PROT_READ | PROT_WRITE) == 0 && kernel_pages.emplace(at.value, frame).second);
    return {};
}
PhysAddr unmap_kernel_page(VirtAddr at) {
    ASSERT(mprotect(at.as<void>(), page_size, PROT_NONE) == 0);
    return kernel_pages.extract(at.value).mapped();
}
void unmap_kernel_pages(std::span<KernelPage> pages) {
    for (auto& page : pages) page.frame = unmap_kernel_page(page.at);
}

// In numbers: objects of the host's heap lie outside of the arena, and have an address all the same.
void* direct(PhysAddr address) { return reinterpret_cast<void*>(reinterpret_cast<u64>(arena) + address.value); }
PhysAddr physical(const void* pointer) { return {reinterpret_cast<u64>(pointer) - reinterpret_cast<u64>(arena)}; }

bool can_check_branch_targets() { return false; }

Result<PageTable> PageTable::create() {
    if (memory::must_fail()) return fail(Error::no_memory);
    return PageTable(PhysAddr{reinterpret_cast<u64>(new Table)});
}
PageTable::~PageTable() {
    if (root_.value) delete &table_at(root_);
}
Result<void> PageTable::map(VirtAddr at, PhysAddr frame, Access access, std::size_t size) {
    if (memory::must_fail()) return fail(Error::no_memory);
    auto& table = table_at(root_);
    std::scoped_lock guard(table.lock);
    ASSERT(is_aligned(at.value, size) && is_aligned(frame.value, size) && at.value + size <= program_end);
    auto under = page_at(table, at.value);
    // Real tables cannot put a small page into a large one without a split, nor a large one over a table of small ones.
    ASSERT(under == table.pages.end() || under->second.size == size);
    auto next = table.pages.lower_bound(at.value + 1);
    ASSERT(next == table.pages.end() || next->first >= at.value + size);
    table.pages[at.value] = {frame.value, size, access};
    return {};
}
Mapping PageTable::unmap(VirtAddr at) {
    auto before = query(at);
    auto& table = table_at(root_);
    std::scoped_lock guard(table.lock);
    if (before.size) table.pages.erase(align_down(at.value, before.size));
    return before;
}
void PageTable::protect(VirtAddr at, Access access) {
    auto& table = table_at(root_);
    std::scoped_lock guard(table.lock);
    auto found = page_at(table, at.value);
    if (found != table.pages.end()) found->second.access = access;
}
Mapping PageTable::query(VirtAddr at) const {
    auto& table = table_at(root_);
    std::scoped_lock guard(table.lock);
    auto found = page_at(table, at.value);
    if (found == table.pages.end()) return {{}, 0, {}, false, false};
    auto& entry = found->second;
    return {{entry.frame}, entry.size, entry.access, entry.dirty, entry.accessed};
}
void PageTable::clean(VirtAddr at) {
    auto& table = table_at(root_);
    std::scoped_lock guard(table.lock);
    auto found = page_at(table, at.value);
    if (found != table.pages.end()) found->second.dirty = found->second.accessed = false;
}
VirtAddr PageTable::next_mapped(VirtAddr from, VirtAddr end) const {
    auto& table = table_at(root_);
    std::scoped_lock guard(table.lock);
    if (page_at(table, from.value) != table.pages.end() && from < end) return from;
    auto next = table.pages.lower_bound(from.value);
    return next == table.pages.end() || next->first >= end.value ? end : VirtAddr{next->first};
}
Result<void> PageTable::split(VirtAddr at) {
    if (memory::must_fail()) return fail(Error::no_memory);
    auto& table = table_at(root_);
    std::scoped_lock guard(table.lock);
    auto found = page_at(table, at.value);
    if (found == table.pages.end() || found->second.size == page_size) return {};
    auto [start, entry] = *found;
    table.pages.erase(found);
    for (u64 i = 0; i < entry.size; i += page_size)
        table.pages[start + i] = {entry.frame + i, page_size, entry.access, entry.dirty, entry.accessed};
    return {};
}
void PageTable::activate() const { active = root_; }
void PageTable::flush(VirtAddr start, VirtAddr end) const {
    ++flushes;
    auto& table = table_at(root_);
    std::scoped_lock guard(table.lock);
    for (auto& [at, entry] : table.pages)
        if (at < end.value && at + entry.size > start.value) entry.remembered.reset();
}
void forget_narrower(const PageTable& of, VirtAddr at) {
    auto& table = table_at(of.root());
    std::scoped_lock guard(table.lock);
    if (auto found = page_at(table, at.value); found != table.pages.end()) found->second.remembered.reset();
}
}  // namespace spore::arch
