// Message-signalled interrupts: through an ITS, or by a frame whose one register turns what is written to it into a line [arm/DEN0044 GICv2m].
#include "../platform/machine.hpp"
#include "../trap/interrupts.hpp"
#include "arch/device_register.hpp"
#include "arch/interrupts.hpp"
#include "arch/mmu.hpp"
#include "gic.hpp"
#include "its.hpp"
#include "kernel/sync/spin.hpp"

namespace spore::arch {
namespace {

enum Register : u32 { type = 0x008, set_line = 0x040 };

struct Frame {
    u32 next = 0, end = 0;  ///< lines that are left
};
constinit Frame frame{};
constinit bool opened = false;
constinit sync::Spin lock;

Result<void> open_frame(PhysAddr at) {
    opened = true;
    auto* registers = static_cast<DeviceRegister<u32>*>(TRY(map_device(at, page_size)));
    u32 kind = registers[type / 4];
    frame.next = kind >> 16 & 0x3ff;
    frame.end = frame.next + (kind & 0x3ff);
    return {};
}

/// As an interrupt line.
Result<Message> connect_frame(PhysAddr at, u32 cpu, InterruptHandler handler, void* context) {
    u32 line;
    {
        Guard guard(lock);
        if (!opened) TRY(open_frame(at));
        if (frame.next == frame.end) return fail(Error::busy);
        line = frame.next++;
    }
    TRY(connect_line_to(cpu, line, Trigger::edge, handler, context));
    return Message{at.value + set_line, line};
}

struct Handler {
    InterruptHandler function;
    void* context;
};
// Written at boot under the lock, before the message can arrive; read without it.
constinit Handler handlers[max_messages] = {};
constinit u32 used = 0;

Result<Message> connect_translated(PhysAddr its, PciAddress source, u32 cpu, InterruptHandler handler, void* context) {
    Guard guard(lock);
    if (used == max_messages) return fail(Error::busy);
    handlers[used] = {handler, context};
    u32 requester = u32{source.bus} << 8 | u32{source.device} << 3 | source.function;
    auto message = TRY(translate_message(its, requester, cpu, used));
    ++used;
    return message;
}

}  // namespace

void handle_message(u32 id) {
    u32 index = id - interrupt::first_message;
    if (index < used) handlers[index].function(handlers[index].context);
}

Result<Message> connect_message(PciAddress source, u32 cpu, InterruptHandler handler, void* context) {
    auto& machine = found_machine();
    if (machine.translation_service.value) return connect_translated(machine.translation_service, source, cpu, handler, context);
    if (machine.message_frame.value) return connect_frame(machine.message_frame, cpu, handler, context);
    return fail(Error::not_supported);
}

}  // namespace spore::arch
