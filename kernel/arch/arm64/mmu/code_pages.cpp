#include "code_pages.hpp"

#include "../cpu/features.hpp"
#include "../instructions.hpp"
#include "arch/mmu.hpp"
#include "kernel/memory/frame.hpp"
#include "machine_entry.hpp"

namespace spore::arch {
namespace {

constinit MemoryRange constant{};
constinit u64* prepared = nullptr;  ///< a bit for each page of it

/// Where a page's bit is; null for pages that may be written again.
struct Bit {
    u64* word = nullptr;
    u64 mask = 0;
};
Bit bit_of(u64 page) {
    if (!prepared || page < constant.start.value || page >= constant.end.value) return {};
    u64 index = (page - constant.start.value) >> page_shift;
    return {prepared + index / 64, u64{1} << index % 64};
}

void clean(u64 page) {
    u64 line = u64{4} << (SPORE_READ_SYSTEM(ctr_el0) >> 16 & 15);
    auto start = reinterpret_cast<u64>(direct({page}));
    for (u64 at = start; at < start + page_size; at += line) asm volatile("dc cvau, %0" : : "r"(at) : "memory");
}

}  // namespace

void remember_code_of(MemoryRange range) {
    if (features.clean_data && features.clean_code) return;
    constant = {{align_down(range.start.value, page_size)}, {align_up(range.end.value, page_size)}};
    u64 bytes = ((constant.end - constant.start) >> page_shift) / 8 + sizeof(u64);
    unsigned order = 0;
    while ((page_size << order) < bytes) ++order;
    if (order > memory::max_order) return;
    if (auto frames = memory::allocate_zeroed_frames(order)) prepared = reinterpret_cast<u64*>(memory::bytes_of_frame(**frames));
}

void prepare_code(PhysAddr frame, std::size_t size) {
    bool changed = false;
    for (u64 page = frame.value; page < frame.value + size; page += page_size) {
        auto bit = bit_of(page);
        if (bit.word && (__atomic_load_n(bit.word, __ATOMIC_ACQUIRE) & bit.mask)) continue;  // pairs with the release below
        if (!features.clean_data) clean(page);
        changed = true;
    }
    if (!changed) return;
    full_barrier();
    if (!features.clean_code) asm volatile("ic ialluis\n\tdsb ish" ::: "memory");
    instruction_barrier();
    // Only now: who sees the bit maps the page and runs it.
    for (u64 page = frame.value; page < frame.value + size; page += page_size)
        if (auto bit = bit_of(page); bit.word) __atomic_fetch_or(bit.word, bit.mask, __ATOMIC_RELEASE);
}

}  // namespace spore::arch
