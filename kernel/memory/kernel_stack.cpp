// Stacks lie in slots of a region of the kernel's half: a guard page, then the stack. A slot once mapped stays so and waits for its
// next thread (its first word links the free ones): creating a thread then maps nothing, and no CPU must be told of an unmapping.
#include "kernel/memory/kernel_stack.hpp"

#include "arch/mmu.hpp"
#include "base/locked.hpp"
#include "kernel/memory/frame.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::memory {
namespace {

constexpr u64 slot_size = page_size + kernel_stack_size;
constexpr arch::Access read_write{.read = true, .write = true};

struct FreeStack {
    FreeStack* next;
};
struct Stacks {
    FreeStack* free = nullptr;
    u64 slots = 0;  ///< in use at any time so far
};
constinit Locked<Stacks, sync::Spin> stacks;

FreeStack* link_of(void* top) { return static_cast<FreeStack*>(top) - 1; }

Result<void*> map_slot(u64 slot) {
    VirtAddr bottom{arch::kernel_stack_region_start + slot * slot_size + page_size};
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

}  // namespace

Result<void*> allocate_kernel_stack() {
    // Mapping happens under the lock, as slots and the machine's kernel tables are shared.
    return stacks.with([](Stacks& s) -> Result<void*> {
        if (auto* free = s.free) {
            s.free = free->next;
            return free + 1;
        }
        if ((s.slots + 1) * slot_size > arch::kernel_stack_region_size) return fail(Error::no_memory);
        void* top = TRY(map_slot(s.slots));
        ++s.slots;
        return top;
    });
}

void free_kernel_stack(void* top) {
    stacks.with([&](Stacks& s) {
        auto* link = link_of(top);
        link->next = s.free;
        s.free = link;
    });
}

}  // namespace spore::memory
