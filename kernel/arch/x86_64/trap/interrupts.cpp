#include "interrupts.hpp"

#include <span>

#include "../../common/trap/line_handlers.hpp"
#include "../apic/io_apic.hpp"
#include "../cpu/local.hpp"
#include "arch/interrupts.hpp"
#include "kernel/sync/spin.hpp"
#include "vectors.hpp"

namespace spore::arch {
namespace {

constexpr u32 no_line = ~0u;

struct Slot {
    LineHandler* handlers = nullptr;
    u32 line = 0;  ///< no_line for one that was connected by message; without a meaning in a slot that is not used
};

constexpr u32 slot_count = vector::last_device + 1 - vector::first_device;
constinit Slot slots[slot_count];
constinit LineHandlers<slot_count + 32> handlers;
constinit u32 used = 0;
constinit sync::Spin lock;  ///< for who connects

/// What 8 bits can name [intel/vol3 11.11, intel 82093AA]; the highest means all.
constexpr u32 reachable = 0xff;

/// In a slot of its own, by its vector.
template <typename Route>
Result<u32> connect_alone(u32 line, InterruptHandler function, void* context, Route&& route) {
    if (used == slot_count) return fail(Error::busy);
    slots[used].line = line;
    u32 number = vector::first_device + used;
    TRY(handlers.add(slots[used].handlers, function, context, [&] { return route(static_cast<u8>(number)); }));
    ++used;
    return number;
}

}  // namespace

void dispatch_device_interrupt(u32 number) {
    if (number >= vector::first_device && number <= vector::last_device) run_handlers(slots[number - vector::first_device].handlers);
}

Result<void> connect_line(u32 line, Trigger trigger, InterruptHandler function, void* context) {
    Guard guard(lock);
    u32 target = cpu_local(0).apic_id;
    if (target >= reachable) return fail(Error::not_supported);
    for (auto& slot : std::span(slots, used))
        if (slot.line == line) return handlers.add(slot.handlers, function, context, [] { return Result<void>{}; });
    TRY(connect_alone(line, function, context, [&](u8 vector) { return route_line(line, vector, target, trigger); }));
    return {};
}

Result<u8> connect_vector(InterruptHandler function, void* context) {
    Guard guard(lock);
    return static_cast<u8>(TRY(connect_alone(no_line, function, context, [](u8) { return Result<void>{}; })));
}

Result<Message> connect_message(PciAddress, u32 cpu, InterruptHandler function, void* context) {
    Guard guard(lock);
    u32 target = cpu_local(cpu).apic_id < reachable ? cpu_local(cpu).apic_id : cpu_local(0).apic_id;
    if (target >= reachable) return fail(Error::not_supported);
    u32 number = TRY(connect_alone(no_line, function, context, [](u8) { return Result<void>{}; }));
    return Message{0xfee00000u | (target << 12), number};
}

}  // namespace spore::arch
