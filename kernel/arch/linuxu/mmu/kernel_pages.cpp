// Kernel stacks: the one part of the kernel's half that changes. What is mapped there stands in a table that all CPUs share; each maps what it
// touches.
#include <sys/mman.h>

#include "../../isa/x86_64/mmu/flush.hpp"
#include "../host/call.hpp"
#include "arch/combined_memory.hpp"
#include "arch/kernel_pages.hpp"
#include "host_map.hpp"
#include "kernel/core/panic.hpp"

extern "C" char data_start[], kernel_end[];

namespace spore::arch {

const u64 kernel_stack_region_start = kernel_half::stacks;

namespace {

constexpr u64 mapped = 1;  ///< beside the frame's address

bool in_region(u64 at) { return at >= kernel_half::stacks && at - kernel_half::stacks < kernel_stack_region_size; }
u64& entry_of(u64 at) { return reinterpret_cast<u64*>(kernel_half::stack_frames)[(at - kernel_half::stacks) / page_size]; }
u64 read_entry(u64 at) { return __atomic_load_n(&entry_of(at), __ATOMIC_ACQUIRE); }

bool map_here(u64 at, u64 frame) {
    return host::call(SYS_mmap, at, page_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, host_memory.file, frame) >= 0;
}

}  // namespace

void prepare_stack_region() {
    constexpr u64 size = kernel_stack_region_size / page_size * sizeof(u64);
    i64 got = host::call(SYS_mmap, kernel_half::stack_frames, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE | MAP_NORESERVE, -1, 0);
    if (got < 0) core::panic("the host does not map memory for the kernel");
}

bool touch_kernel_half(u64 at) {
    if (!in_region(at)) return false;
    u64 entry = read_entry(at);
    return entry & mapped && map_here(align_down(at, page_size), entry & ~mapped);
}

bool is_stack_guard(u64 at) { return in_region(at) && !(read_entry(at) & mapped); }

Result<void> map_kernel_page(VirtAddr at, PhysAddr frame, Access) {
    __atomic_store_n(&entry_of(at.value), frame.value | mapped, __ATOMIC_RELEASE);
    if (!map_here(at.value, frame.value)) return fail(Error::no_memory);
    return {};
}

void unmap_kernel_pages(std::span<KernelPage> pages) {
    u64 start = ~u64{0}, end = 0;
    for (auto& page : pages) {
        page.frame = {__atomic_exchange_n(&entry_of(page.at.value), 0, __ATOMIC_ACQ_REL) & ~mapped};
        if (page.at.value < start) start = page.at.value;
        if (page.at.value + page_size > end) end = page.at.value + page_size;
    }
    if (start < end) flush_kernel({start}, {end});  // stacks in use between them are mapped again when they are touched
}

PhysAddr unmap_kernel_page(VirtAddr at) {
    KernelPage page{at};
    unmap_kernel_pages({&page, 1});
    return page.frame;
}

/// The image's writable part begins at the memory file's `image_frame`; what is not writable has no frame.
PhysAddr physical(const void* pointer) {
    u64 address = reinterpret_cast<u64>(pointer);
    if (address >= kernel_half::direct_map) return {address - kernel_half::direct_map};
    return {address - reinterpret_cast<u64>(data_start) + image_frame};
}

Result<void*> map_device(PhysAddr, std::size_t) { return fail(Error::not_supported); }
Result<void*> map_combined(PhysAddr, std::size_t) { return fail(Error::not_supported); }
void settle_combined() {}

}  // namespace spore::arch
