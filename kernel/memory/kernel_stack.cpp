// Stacks lie in slots of a region of the kernel's half: a guard page, then the stack. A free one stays mapped and waits for its next thread
// (its first word links the free ones): creating a thread then maps nothing, and no CPU must be told of an unmapping. Only when many wait,
// as after a flood of threads, further ones give their memory back.
#include "kernel/memory/kernel_stack.hpp"

#include <bit>

#include "arch/kernel_pages.hpp"
#include "arch/mmu.hpp"
#include "base/locked.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::memory {
namespace {

constexpr u64 slot_limit = arch::kernel_stack_region_size / kernel_stack_slot;
/// So many free stacks may wait; then a batch of them goes.
constexpr u64 waiting_limit = 96, batch = 32;
constexpr arch::Access read_write{.read = true, .write = true};

struct FreeStack {
    FreeStack* next;
};
struct Stacks {
    FreeStack* free = nullptr;
    u64 waiting = 0;  ///< in that list
    u64 slots = 0;    ///< in use at any time so far
    u64 empty = 0;    ///< of those, how many are unmapped again: a bit each
    u64 empty_bits[slot_limit / 64 + 1] = {};

    u64 next_slot() const {
        if (!empty) return slots;
        u64 word = 0;
        while (!empty_bits[word]) ++word;
        return word * 64 + static_cast<u64>(std::countr_zero(empty_bits[word]));
    }
    void fill(u64 slot) {
        if (slot == slots) ++slots;
        else --empty, empty_bits[slot / 64] &= ~(u64{1} << slot % 64);
    }
    void clear(u64 slot) { ++empty, empty_bits[slot / 64] |= u64{1} << slot % 64; }
};
constinit Locked<Stacks, sync::Spin> stacks;

FreeStack* link_of(void* top) { return static_cast<FreeStack*>(top) - 1; }

VirtAddr bottom_of(u64 slot) { return {arch::kernel_stack_region_start + slot * kernel_stack_slot + page_size}; }

Result<void*> map_slot(u64 slot) {
    VirtAddr bottom = bottom_of(slot);
    for (u64 offset = 0; offset < kernel_stack_size; offset += page_size) {
        auto frame = allocate_frames();
        if (frame) {
            if (arch::map_kernel_page(bottom + offset, address_of(**frame), read_write)) continue;
            release(**frame);
        }
        while (offset > 0) {
            offset -= page_size;
            release(frame_of(arch::unmap_kernel_page(bottom + offset)));
        }
        return fail(Error::no_memory);
    }
    return (bottom + kernel_stack_size).as<void>();
}

/// Gives the memory of waiting stacks back. In a batch, since every CPU must be told.
void thin_out(Stacks& s) {
    arch::KernelPage pages[batch * kernel_stack_size / page_size];
    u64 count = 0;
    for (u64 i = 0; i < batch; ++i, --s.waiting) {
        u64 slot = (reinterpret_cast<u64>(s.free + 1) - arch::kernel_stack_region_start) / kernel_stack_slot - 1;
        s.free = s.free->next;
        s.clear(slot);
        for (u64 offset = 0; offset < kernel_stack_size; offset += page_size) pages[count++].at = bottom_of(slot) + offset;
    }
    arch::unmap_kernel_pages(pages);
    for (auto& page : pages) release(frame_of(page.frame));
}

}  // namespace

Result<void*> allocate_kernel_stack() {
    // Mapping happens under the lock, as slots and the machine's kernel tables are shared.
    return stacks.with([](Stacks& s) -> Result<void*> {
        if (auto* free = s.free) {
            s.free = free->next;
            --s.waiting;
            return wake_kernel_stack(free + 1);
        }
        u64 slot = s.next_slot();
        if (slot == slot_limit) return fail(Error::no_memory);
        void* top = TRY(map_slot(slot));
        s.fill(slot);
        return wake_kernel_stack(top);
    });
}

void free_kernel_stack(void* top) {
    rest_kernel_stack(top);
    stacks.with([&](Stacks& s) {
        auto* link = link_of(top);
        link->next = s.free;
        s.free = link;
        if (++s.waiting == waiting_limit) thin_out(s);
    });
}

}  // namespace spore::memory
