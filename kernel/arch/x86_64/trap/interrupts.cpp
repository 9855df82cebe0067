#include "interrupts.hpp"

#include "../apic/io_apic.hpp"
#include "../cpu/local.hpp"
#include "arch/interrupts.hpp"
#include "kernel/core/log.hpp"
#include "kernel/sync/spin.hpp"
#include "vectors.hpp"

namespace spore::arch {
namespace {

constexpr u32 no_line = ~0u;

struct Handler {
    InterruptHandler function = nullptr;
    void* context = nullptr;
    Handler* next_on_line = nullptr;  ///< others that share the line
};
struct Slot {
    Handler first;
    u32 line = 0;  ///< no_line for one that was connected by message; without a meaning in a slot that is not used
};

// Written at boot under the lock, before the interrupt can arrive; read without it.
constinit Slot slots[vector::last_device + 1 - vector::first_device];
constinit Handler shared[32];
constinit u32 shared_count = 0;
constinit u32 used = 0;
constinit sync::Spin lock;

Result<u32> take_slot() {
    if (used == std::size(slots)) return fail(Error::busy);
    return used++;
}

}  // namespace

void dispatch_device_interrupt(u32 number) {
    if (number < vector::first_device || number > vector::last_device) return;
    auto& slot = slots[number - vector::first_device];
    for (auto* handler = &slot.first; handler; handler = handler->next_on_line)
        if (handler->function) handler->function(handler->context);
}

Result<void> connect_line(u32 line, Trigger trigger, InterruptHandler function, void* context) {
    Guard guard(lock);
    for (u32 i = 0; i < used; ++i) {
        if (slots[i].line != line) continue;
        if (shared_count == std::size(shared)) return fail(Error::busy);
        auto& added = shared[shared_count++];
        added = {function, context, slots[i].first.next_on_line};
        __atomic_store_n(&slots[i].first.next_on_line, &added, __ATOMIC_RELEASE);
        return {};
    }
    u32 index = TRY(take_slot());
    slots[index] = {{function, context, nullptr}, line};
    return route_line(line, static_cast<u8>(vector::first_device + index), cpu_local(0).apic_id, trigger);
}

Result<Message> connect_message(PciAddress, u32 cpu, InterruptHandler function, void* context) {
    Guard guard(lock);
    u32 index = TRY(take_slot());
    slots[index] = {{function, context, nullptr}, no_line};
    return Message{0xfee00000u | (cpu_local(cpu).apic_id << 12), vector::first_device + index};  // [intel/vol3 11.11]
}

}  // namespace spore::arch
