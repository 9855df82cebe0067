// Message-signalled interrupts: a frame whose one register turns what is written to it into a line [arm/DEN0044 GICv2m].
#include "../platform/machine.hpp"
#include "arch/interrupts.hpp"
#include "arch/mmu.hpp"
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
    if (!at.value) return fail(Error::not_supported);
    auto* registers = static_cast<volatile u32*>(TRY(map_device(at, page_size)));
    u32 kind = registers[type / 4];
    frame.next = kind >> 16 & 0x3ff;
    frame.end = frame.next + (kind & 0x3ff);
    return {};
}

}  // namespace

/// Lines go to the first CPU, whoever is asked for.
Result<Message> connect_message(u32, InterruptHandler handler, void* context) {
    auto at = found_machine().message_frame;
    u32 line;
    {
        Guard guard(lock);
        if (!opened) TRY(open_frame(at));
        if (frame.next == frame.end) return fail(frame.end ? Error::busy : Error::not_supported);
        line = frame.next++;
    }
    TRY(connect_line(line, Trigger::edge, handler, context));
    return Message{at.value + set_line, line};
}

}  // namespace spore::arch
